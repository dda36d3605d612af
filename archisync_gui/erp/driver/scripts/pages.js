// The login page and the detail pages of single records.
(reader => {
  "use strict";

  const setNative = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  function type(input, text) {
    setNative.call(input, text);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const userName = () => document.querySelector("input[id*='dviUserName_Edit_I']");
  const password = () => document.querySelector("input[id*='dviPassword_Edit_I']") || document.querySelector("input[type=password]");

  reader.login = (user, secret) => {
    const name = userName(), box = password();
    if (!name || !box) return JSON.stringify({ found: false });
    name.focus(); type(name, user);
    box.focus(); type(box, secret);
    return JSON.stringify({ found: true, held: name.value === user && box.value === secret });
  };

  reader.loginOutcome = async (user, secret, limit, patience) => {
    const box = () => document.querySelector("#Logon_ErrorInfo") || document.querySelector(".dxeErrorCell, .validation-summary-errors");
    const text = () => ((box() && box().textContent) || "").trim();
    const name = userName(), held = password();
    const end = performance.now() + limit * 1000;
    await new Promise(resolve => {
      const observer = new MutationObserver(() => { if (text()) finish(); });
      const timer = setTimeout(finish, Math.max(0, end - performance.now()));
      // A login that failed without a word: the page's own callback is over and for a while nothing has happened.
      let calm = 0;
      const quiet = setInterval(() => {
        calm = reader.everyControl().some(c => c.InCallback && c.InCallback()) ? 0 : calm + 1;
        if (text() || calm * 0.25 >= patience) finish();
      }, 250);
      function finish() { observer.disconnect(); clearTimeout(timer); clearInterval(quiet); resolve(); }
      observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      if (text()) finish();
    });
    return JSON.stringify({ error: text(), held: !!name && !!held && name.value === user && held.value === secret });
  };

  // Texts of a detail page: `wanted` is a list of { field, names }, `names` being the notations that the field may have
  // in an element's id. A yes/no box shows its caption as text, so its image is read. { values, ambiguous }
  reader.detail = wanted => {
    const values = {};
    const all = [...document.querySelectorAll("[id*='xaf_dvi'][id$='_View']")].filter(e => !/_LE_v\d+_/.test(e.id));
    for (const { field, names } of wanted) {
      for (const name of names) {
        const node = all.find(e => e.id.endsWith(`xaf_dvi${name}_View`));
        if (!node) continue;
        const box = reader.checkbox(node) ?? (/dxICheckBox|CheckBox(Unc|C)hecked/.test(node.className) ? reader.checkbox(node.parentNode) : null);
        values[field] = box ?? reader.plainText(node);
        break;
      }
    }
    return JSON.stringify({ values, place: location.pathname });
  };
})(window.archisyncReader);
