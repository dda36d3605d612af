// Callbacks on the wire: a POST to the page's own address, an answer with the new view state and a result.

const cellLocale = () => (navigator.language || "en").toLowerCase().startsWith("it") ? "it" : "en";
let requests = 0;

async function post(target, command, args) {
  const form = new URLSearchParams();
  for (const field of document.querySelectorAll("#form1 > input[type=hidden]")) if (field.name) form.append(field.name, field.value);
  form.set("__CALLBACKID", target);
  form.set("__CALLBACKPARAM", "c" + (requests++) + ":" + JSON.stringify([command, args || {}]));
  form.set("ClientServerParams", navigator.language || "");
  const answer = await fetch(location.pathname + location.search, { method: "POST", body: form, credentials: "same-origin" });
  if (answer.redirected) return leave(answer.url);
  if (!answer.ok) throw new Error("Callback request failed due to an internal server error. (" + answer.status + ")");
  const text = await answer.text();
  const start = text.indexOf("/*DX*/(");
  if (start < 0) throw new Error("Callback response cannot be read.");
  const bar = text.indexOf("|");
  const size = Number(text.slice(0, bar));
  const state = byId("__VIEWSTATE");
  if (state && size) state.value = text.slice(bar + 1, bar + 1 + size);
  const result = JSON.parse(text.slice(start + 7, -1)).result;
  if (result.generalError) throw new Error(result.generalError);
  return result.redirect ? leave(result.redirect) : result;
}
// The page goes away: whoever waits for the callback waits for ever.
function leave(address) {
  location.href = address;
  return new Promise(() => {});
}
// Values as the server sends them: a date comes as its local parts.
function revive(value) {
  if (Array.isArray(value)) return value.map(revive);
  if (value && typeof value === "object" && "$date" in value) return new Date(...value.$date);
  return value;
}
