// What is said to an answer that is a number or a letter: the same words as `optimlab.check`.

/**
 * What an exercise asks for; see `asked` in optimlab/exercises.
 * @typedef {object} Asks
 * @property {string} name
 * @property {string} praise
 * @property {"number" | "choice"} kind
 * @property {string} right of a choice: the letter
 * @property {Record<string, string>} hints for the other letters
 * @property {Record<string, string>} words what else the letters are called
 * @property {number} low of a number: from where to where it is right
 * @property {number} high
 * @property {string} hint_low
 * @property {string} hint_high
 */

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** @type {(asks: Asks, text: string) => string} */
export function verdict(asks, text) {
  const answer = text.trim();
  if (!answer) return `${asks.name} not answered yet.`;
  const hint = asks.kind === "choice" ? hintForLetter(asks, answer) : hintForNumber(asks, answer);
  return hint === null ? `${asks.name} ✓ right. ${asks.praise}`.trim() : `${asks.name} not yet. ${hint}`;
}

/** @type {(asks: Asks, answer: string) => string | null} */
function hintForLetter({ right, hints, words }, answer) {
  const said = answer.toLowerCase().replace(/[^a-z]/g, "");
  const letter = Object.hasOwn(words, said) ? words[said] : said;
  if (letter === right) return null;
  return Object.hasOwn(hints, letter) ? hints[letter] : `Choose one of the letters ${[right, ...Object.keys(hints)].sort().join(", ")}.`;
}

/** @type {(asks: Asks, answer: string) => string | null} */
function hintForNumber({ low, high, hint_low, hint_high }, answer) {
  const plain = answer.replaceAll("−", "-").replaceAll(",", ".");
  const number = NUMBER.test(plain) ? Number(plain) : NaN;
  if (!Number.isFinite(number)) return `The answer should be a single number, got '${answer}'.`;
  if (number < low) return hint_low;
  return number > high ? hint_high : null;
}
