/* Small helpers of both pages: making elements, the notice, a button that asks once more; no page logic. */
import { t } from "./texts.js";

export const $ = (id) => document.getElementById(id);

/** An element with properties; `text` and children are only ever text or nodes, never markup. */
export function element(tag, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** What is wrong, above everything else, with a button where something can be done; without a sentence: nothing. */
export function notice(text, button) {
  $("notice").replaceChildren(...(text ? [text, ...(button ? [" ", button] : [])] : []));
  $("notice").hidden = !text;
}

/** A button that asks once more before something is lost for good; `name`: of what, for those who do not see where. */
export function sure(text, name, act) {
  const label = (action) => t("of.draft", { action, name });
  const button = element("button", { type: "button", className: "quiet", text, ariaLabel: label(text) });
  let armed = 0;
  const disarm = () => {
    clearTimeout(armed);
    button.classList.remove("danger");
    button.textContent = text;
    button.ariaLabel = label(text);
  };
  button.onclick = () => {
    if (button.classList.contains("danger")) { disarm(); act(); return; }
    button.classList.add("danger");
    button.textContent = t("delete.sure");
    button.ariaLabel = label(t("delete.sure"));
    armed = setTimeout(disarm, 6000);
  };
  button.onblur = disarm;
  return button;
}
