import { type Content, h } from "../dom.ts";

/** Asks, and does what was asked when the answer is yes. `act` says what came of it, or throws. */
export function confirm(title: string, content: Content, yes: string, act: (form: FormData) => Promise<string>): void {
  const said = h("p", { class: "said", role: "status" });
  const button = h("button", { class: "primary", type: "submit" }, yes);
  const cancel = h("button", { class: "plain", type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h("form", {}, h("h2", { id: "dialog-title" }, title), content, said, h("div", { class: "buttons" }, cancel, button));
  const dialog = h("dialog", { "aria-labelledby": "dialog-title", onclose: () => dialog.remove() }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    said.textContent = "Asking…";
    act(new FormData(form)).then(
      (text) => {
        said.textContent = text;
        button.remove();
        cancel.textContent = "Close";
        cancel.focus();
      },
      (error: unknown) => {
        said.textContent = error instanceof Error ? error.message : String(error);
        button.disabled = false;
      },
    );
  });
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
}
