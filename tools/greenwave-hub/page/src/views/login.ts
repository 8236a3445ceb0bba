import { h } from "../dom.ts";

/** Asks for a token; `why` it does. */
export function loginView(why: string, enter: (token: string) => void): HTMLElement {
  const input = h("input", { type: "password", id: "token", name: "token", autocomplete: "off", required: true, spellcheck: "false" });
  const form = h("form", { class: "login", onsubmit: (event: Event) => {
    event.preventDefault();
    enter(input.value.trim());
  } },
    h("h1", {}, "Greenwave"),
    h("p", {}, "This hub wants to know who reads. Enter a token; it is kept in this tab alone, until you close it."),
    h("label", { for: "token" }, "Token"),
    input,
    h("p", { class: "said", role: "alert" }, why),
    h("button", { class: "primary", type: "submit" }, "Enter"),
    h("p", { class: "muted" }, "Whoever runs the hub makes one: ", h("code", {}, "greenwave-hub token add NAME --level view")));
  return h("main", { class: "login-page" }, form);
}
