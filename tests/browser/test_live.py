"""Training curves that grow while their cell runs, and the stop button."""

import pytest
from playwright.sync_api import expect

IMPORTS = (
    "import pathlib, time\nfrom optimlab import Adam, Momentum, Network, digits, live_curves, live_layers, train\n"
)
WIDGET = "application/vnd.jupyter.widget-view+json"

# Epoch 1, and each that the test names in the file, takes as long as the test wants.
GROWING = """
curves = live_curves("Adam", epochs=6)
def follow(history):
    curves(history)
    while history.epochs >= waiting():
        time.sleep(0.02)
def waiting():
    try:
        return int(pathlib.Path("hold").read_text() or 1)
    except FileNotFoundError:
        return 7
train(Network((64, 16, 10)), digits(300), Adam(0.003), epochs=6, on_epoch=follow)
curves
"""
ENDLESS = """
network, data = Network((64, 16, 10)), digits(300)
curves = live_curves(["Momentum", "Adam"], epochs=100_000)
history = train(network, data, Momentum(0.05), epochs=100_000, on_epoch=curves["Momentum"], stoppable=True)
curves
"""
LAYERS = """
network = Network((64, 16, 16, 10))
layers = live_layers(network, epochs=3)
train(network, digits(300), Adam(0.003), epochs=3, on_epoch=layers, watch_layers=True)
layers
"""
AFTER = """
print(history.interrupted, len(history.loss) == len(history.test_accuracy) == history.epochs + 1)
print(network.accuracy(history.theta, data.X_test, data.y_test) > 0.3)
again = train(network, data, Adam(0.003), epochs=2, theta=history.theta, on_epoch=curves["Adam"], progress=False)
print(again)
"""
ONE_IS_DRAWN = """() => {
  const labs = document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .optimlab-lab');
  const shown = [...labs].filter(lab => lab.offsetHeight);
  return shown.length === 1 && shown[0].querySelector('.optimlab-stage')?.optimlab?.().frames > 0;
}"""
EPOCHS = "(lab, n) => lab.querySelector('.optimlab-stage')?.optimlab?.().sources.run0.shape[0] > n"


@pytest.fixture(scope="module", params=[True, False], ids=["subshells", "no subshells"])
def subshells(request):
    return request.param


@pytest.fixture
def notebook(lab, server, subshells):
    """The notebook, with nothing shown; its kernel stays for the tests with the same setting."""
    name = f"live, subshells {subshells}.ipynb"
    if lab.name != name:
        server.write(name, IMPORTS + GROWING, IMPORTS + ENDLESS, AFTER, IMPORTS + LAYERS)
        lab.open(name, subshells=subshells)
    for index in range(4):
        lab.clear(index)
    return lab


def only_stage(notebook):
    """The one lab that is left when the live one has gone, drawn."""
    notebook.page.wait_for_function(ONE_IS_DRAWN)
    (stage,) = notebook.stages()
    stage.still_picture()
    return stage


def test_training_curves_grow_while_the_cell_runs(notebook, server):
    with notebook.cell_runs(0):
        live = notebook.stage(0)
        pictures = []
        for epochs in (1, 3, 5):
            (server.root / "hold").write_text(str(epochs))
            live.wait(EPOCHS, epochs)
            if pictures:
                live.wait_other_picture(pictures[-1])
            pictures.append(live.still_picture())
            assert live.counter.inner_text() == f"epoch {epochs} / 6"
        assert pictures[0] != pictures[1] != pictures[2]
        assert notebook.prompt(0) == "[*]:"
        assert "epoch 5 / 6, loss" not in notebook.text(0)  # the fifth is not over
    notebook.page.wait_for_function("() => window.running === null")
    final = only_stage(notebook)
    final.wait(EPOCHS, 6)
    final.still_picture()
    assert not any(final.is_blank())
    assert notebook.text(0).count("epoch 6 / 6, loss") == 1
    notebook.save()
    live, bar, final = server.read(notebook.name).cells[0].outputs
    assert live.data.keys() == {WIDGET}
    assert bar.output_type == "stream"
    assert final.data.keys() == {"text/plain", "image/png", WIDGET}


def test_the_stop_button_ends_a_training_and_leaves_history_and_network_usable(notebook):
    notebook.start(1)
    notebook.stage(1).wait(EPOCHS, 3)
    notebook.interrupt()
    notebook.page.wait_for_function("() => window.running === null")
    notebook.wait_idle()
    assert notebook.errors() == []
    final = only_stage(notebook)
    trained = final.report()["sources"]["run0"]["shape"][0]
    assert trained > 3
    expect(final.counter).to_have_text(f"epoch {trained - 1} / 100000")
    notebook.run(2)
    assert notebook.text(2).splitlines()[:2] == ["True True", "True"]
    assert notebook.text(2).splitlines()[2].startswith("after 2 epochs")
    final.wait("lab => lab.querySelector('.optimlab-stage').optimlab().sources.run1.shape[0] === 3")
    assert final.report()["sources"]["run0"]["shape"][0] == trained


def test_each_layer_is_a_line_that_grows(notebook):
    notebook.run(3)
    stage = only_stage(notebook)
    stage.wait(EPOCHS, 3)
    first = stage.still_picture()
    for name in ("W1", "W2", "W3"):
        stage.chip(name).click()
        assert all(stage.still_picture().differs(first))
        stage.chip(name).click()
