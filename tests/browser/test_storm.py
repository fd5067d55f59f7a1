"""A storm of events: the lab ends in the state of the last one, and nothing has piled up."""

from .race import LAB, assert_drawn_as_computed, open_race

SLIDER_EVENTS, DRAGS = 1000, 200

# Moves the sliders' models and the handle faster than anybody could: a thousand and two hundred events.
STORM = """async (lab, [events, drags]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const handles = [...lab.querySelectorAll('.noUi-handle')];
  const ring = lab.querySelector('.optimlab-handle');
  const front = ring.parentElement.querySelector('canvas[role=img]');
  const box = front.getBoundingClientRect();
  const common = {bubbles: true, cancelable: true, pointerId: 1, button: 0, buttons: 1};
  const point = (type, x, y) =>
    ring.dispatchEvent(new PointerEvent(type, {...common, clientX: box.left + x, clientY: box.top + y}));
  ring.setPointerCapture = () => {};
  for (let i = 0; i < events; i++) {
    const handle = handles[(i * 7) % handles.length];
    const key = (i * 13) % 3 ? 'ArrowLeft' : 'ArrowRight';
    handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
    if (i % (events / drags) === 0) {
      const [x, y] = [100 + (i % 170), 60 + (i % 110)];
      point('pointerdown', parseFloat(ring.style.left), parseFloat(ring.style.top));
      point('pointermove', x, y);
      point('pointerup', x, y);
    }
    if (i % 10 === 0) await frame();
  }
}"""


def test_after_a_storm_of_events_the_lab_shows_the_last_one_and_nothing_has_queued_up(lab):
    notebook = open_race(lab, "storm.ipynb")
    race = notebook.run_lab(LAB)
    first, asked = race.values(), notebook.requests()
    race.root.evaluate(STORM, [SLIDER_EVENTS, DRAGS])
    race.wait_fresh()
    moved = {name for name, value in first.items() if race.values()[name] != value}
    assert "start" in moved and len(moved) > len(first) / 2, moved
    assert_drawn_as_computed(race)
    # One request is under way at a time, and what it asks for is the newest: far fewer requests than events.
    assert notebook.requests() - asked < (SLIDER_EVENTS + DRAGS) / 2
    settled = notebook.requests()
    before = race.picture()
    race.slider("η", "Momentum").press("ArrowLeft")
    race.wait_fresh().wait_other_picture(before)
    assert notebook.requests() <= settled + 2
    assert_drawn_as_computed(race)
