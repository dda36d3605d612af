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
    for (const element of boxes) {
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) if (walker.currentNode.data.trim()) found.push(walker.currentNode);
    }
    return found;
  }
  const textOf = nodes => nodes.map(node => node.data.trim()).join(" ");

  // The texts of the error box when the login was sent (a notice, an error of the last user), by node. A text that
  // the answer sets has a new node, even if it is the same text. `sent` is null in a page from which no login was sent.
  let sent = null, fields = [];
  const newText = () => textOf(errorNodes().filter(node => !sent || sent.get(node) !== node.data));

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
  const TICK = 0.1, TEXT_SECONDS = 0.5;

  // The outcome of the login that was sent: { sent, error, held }. An error text counts once it was there for
  // TEXT_SECONDS without a callback in progress: a login that succeeds has left the page by then. Without a text, the
  // login has failed when nothing has happened for `patience` seconds. In a page that was loaded after the login was
  // sent, `sent` is false and `error` is the whole text of the error box.
  reader.loginOutcome = async (user, secret, limit, patience) => {
    const until = performance.now() + limit * 1000;
    for (let calm = 0; sent && performance.now() < until && calm < (newText() ? TEXT_SECONDS : patience);) {
      await new Promise(resolve => setTimeout(resolve, TICK * 1000));
      calm = inCallback() ? 0 : calm + TICK;
    }
    const held = fields.length === 2 && fields[0].value === user && fields[1].value === secret;
    return JSON.stringify({ sent: !!sent, error: newText(), held });
  };

  // The fields of the record that a detail page shows; without those of its grids and dialogs, and those of an object
  // inside the record (whose ids contain both names).
  function detailFields() {
    const depth = element => element.id.split("xaf_dvi").length;
    const all = [...document.querySelectorAll("[id*='xaf_dvi'][id$='_View']")]
      .filter(e => !/_LE_v\d+_/.test(e.id) && !e.closest("[id*='PopupWindow']"));
    const own = Math.min(...all.map(depth));
    return all.filter(e => depth(e) === own);
  }

  // A check box shows its caption as text, so its image is read.
  function fieldText(node) {
    const around = /dxICheckBox|CheckBox(Unc|C)hecked/.test(node.className) ? reader.checkbox(node.parentNode) : null;
    return reader.checkbox(node) ?? around ?? reader.plainText(node);
  }

  // The texts of a detail page. `wanted` is a list of { field, names }; `names` are the notations that the field may
  // have in an element's id. Of several elements with one name, the visible ones count. Returns { quiet, values,
  // ambiguous }; `ambiguous` lists the fields whose elements differ. Not `quiet`: a control is still in a callback, and
  // a field may show a placeholder.
  reader.detail = async (wanted, limit) => {
    const quiet = !window.ASPxClientControl || await reader.idle(limit);
    const values = {}, ambiguous = [], all = detailFields();
    for (const { field, names } of wanted) {
      const found = names.map(name => all.filter(e => e.id.endsWith(`xaf_dvi${name}_View`))).find(nodes => nodes.length);
      if (!found) continue;
      const shown = found.filter(node => node.offsetParent !== null);
      const texts = new Set((shown.length ? shown : found).map(node => fieldText(node).trim()));
      if (texts.size > 1) ambiguous.push(field);
      else values[field] = [...texts][0];
    }
    return JSON.stringify({ quiet, values, ambiguous });
  };
})(window.archisyncReader);
