// The login page: a control learns a value only through its element's own input or change event.

const learned = {};

function login() {
  if (pageControl.calls) return;
  pageControl.begin("LOGON");
  byId("ctl01").style.display = "";
  post("globalCallbackControl", "LOGON", {
    user: learned[page.prefix + "_xaf_l30_xaf_dviUserName_Edit"] || "",
    password: learned[page.prefix + "_xaf_l35_xaf_dviPassword_Edit"] || "",
  }).then(
    result => { byId("Logon_ErrorInfo").textContent = result.error; pageControl.end("LOGON"); },
    error => pageControl.failed(error),
  ).finally(() => { byId("ctl01").style.display = "none"; });
}
window.xafProcessEnterKeyDownScriptFunction = function (event) { if (event.key === "Enter") login(); };

function bootLogin() {
  for (const input of document.querySelectorAll("input[id$='_Edit_I']")) {
    input.addEventListener("input", () => ASPx.EValueChanged(input.id.replace(/_I$/, "")));
    input.addEventListener("keydown", window.xafProcessEnterKeyDownScriptFunction);
  }
  byId("Logon_PopupActions_Menu_DXI0_T").addEventListener("click", login);
}
