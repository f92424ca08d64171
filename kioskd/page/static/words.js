// The words of one language, and how figures stand in them.
const KEPT = 'kioskd-language';
let said = {};

export async function loadWords(wanted) {
  const language = wanted || localStorage.getItem(KEPT) || navigator.language.slice(0, 2);
  let answer = await fetch(`/words/${encodeURIComponent(language)}`);
  if (answer.status === 404) answer = await fetch('/words/en');
  if (!answer.ok) throw new Error(String(answer.status));
  said = await answer.json();
  if (wanted) localStorage.setItem(KEPT, wanted);
  document.documentElement.lang = said.code;
  for (const element of document.querySelectorAll('[data-word]')) {
    element.textContent = word(element.dataset.word);
  }
  return said;
}

// The words at a path such as "page.least", with {names} filled in. A path that is unknown is shown.
export function word(path, values = {}) {
  let found = said;
  for (const step of path.split('.')) found = found?.[step];
  if (typeof found !== 'string') return path.split('.').pop();
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const knows = (path) => word(path) !== path.split('.').pop();

// A figure as people read it: no powers of ten, and no more digits than mean something.
export function figure(value, unit = '') {
  if (value === null || value === undefined) return '–';
  if (unit.startsWith('of what')) return `${Math.round(100 * value)} %`;
  const digits = Math.abs(value) >= 10 ? (Math.abs(value) >= 100 ? 0 : 1) : 2;
  const text = value.toLocaleString(document.documentElement.lang || 'en', { maximumFractionDigits: digits });
  return unit && unit !== 'face widths' && unit !== 'face heights' ? `${text} ${unit === 'degrees' ? '°' : unit}` : text;
}
