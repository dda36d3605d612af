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

  // The nodes of the error box that have a text.
  function errorNodes() {
    const box = document.querySelector("#Logon_ErrorInfo");
    const boxes = box ? [box] : [...document.querySelectorAll(".dxeErrorCell, .validation-summary-errors")], found = [];
    for (const one of boxes) {
      const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) if (walker.currentNode.data.trim()) found.push(walker.currentNode);
    }
    return found;
  }
  const textOf = nodes => nodes.map(node => node.data.trim()).join(" ");

  // What stood in the error box when the login was sent (a notice, what the last user was told), by node: a text that
  // the answer sets anew is a new node, even if it says the same. `sent` is null in a page that no login was sent from.
  let sent = null, fields = [];
  const told = () => textOf(errorNodes().filter(node => !sent || sent.get(node) !== node.data));

  reader.login = (user, secret) => {
    const name = userName(), box = password();
    if (!name || !box) return JSON.stringify({ found: false });
    name.focus(); type(name, user);
    box.focus(); type(box, secret);
    fields = [name, box];
    const note = () => { sent = new Map(errorNodes().map(node => [node, node.data])); };
    document.addEventListener("click", note, { capture: true, once: true });
    return JSON.stringify({ found: true, held: name.value === user && box.value === secret, text: textOf(errorNodes()) });
  };

  const inCallback = () => !!window.ASPxClientControl && reader.everyControl().some(c => c.InCallback && c.InCallback());
  const TICK = 0.1, MOMENT = 0.5;

  // What came of the login that was sent: { sent, error, held }. A text counts once it has stood for a moment with
  // nothing in a callback, since a login that succeeds leads away then. Without one, the login has failed when nothing
  // has happened for `patience` seconds. In a page that was loaded since, `sent` is false and `error` all that it tells.
  reader.loginOutcome = async (user, secret, limit, patience) => {
    const until = performance.now() + limit * 1000;
    for (let calm = 0; sent && performance.now() < until && calm < (told() ? MOMENT : patience);) {
      await new Promise(resolve => setTimeout(resolve, TICK * 1000));
      calm = inCallback() ? 0 : calm + TICK;
    }
    const held = fields.length === 2 && fields[0].value === user && fields[1].value === secret;
    return JSON.stringify({ sent: !!sent, error: told(), held });
  };

  // The fields of the record that a detail page shows. Those of its grids and dialogs, and of an object inside the
  // record (whose ids name both), are others.
  function detailFields() {
    const depth = element => element.id.split("xaf_dvi").length;
    const all = [...document.querySelectorAll("[id*='xaf_dvi'][id$='_View']")]
      .filter(e => !/_LE_v\d+_/.test(e.id) && !e.closest("[id*='PopupWindow']"));
    const own = Math.min(...all.map(depth));
    return all.filter(e => depth(e) === own);
  }

  // A yes/no box shows its caption as text, so its image is read.
  function fieldText(node) {
    const around = /dxICheckBox|CheckBox(Unc|C)hecked/.test(node.className) ? reader.checkbox(node.parentNode) : null;
    return reader.checkbox(node) ?? around ?? reader.plainText(node);
  }

  // Texts of a detail page: `wanted` is a list of { field, names }, `names` being the notations that the field may have
  // in an element's id. Of several elements of one name those on show count; where these differ, none does:
  // { values, ambiguous }, the latter naming such fields.
  reader.detail = wanted => {
    const values = {}, ambiguous = [], all = detailFields();
    for (const { field, names } of wanted) {
      const found = names.map(name => all.filter(e => e.id.endsWith(`xaf_dvi${name}_View`))).find(nodes => nodes.length);
      if (!found) continue;
      const shown = found.filter(node => node.offsetParent !== null);
      const texts = new Set((shown.length ? shown : found).map(node => fieldText(node).trim()));
      if (texts.size > 1) ambiguous.push(field);
      else values[field] = [...texts][0];
    }
    return JSON.stringify({ values, ambiguous });
  };
})(window.archisyncReader);
