/** What may be inside of an element. Text stays text: nothing here or elsewhere on the page parses markup. */
export type Content = Node | string | number | false | null | undefined | Content[];

type Attributes = { [name: string]: string | number | boolean | undefined | ((event: never) => void) };

function fill(parent: Node, content: Content): void {
  if (content === false || content === null || content === undefined) return;
  if (Array.isArray(content)) {
    for (const one of content) fill(parent, one);
  } else {
    parent.appendChild(content instanceof Node ? content : document.createTextNode(String(content)));
  }
}

function decorate(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
}

/** An element: h("button", {class: "plain", onclick: go}, "Go"). */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...content: Content[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  decorate(element, attributes);
  fill(element, content);
  return element;
}

export function svg(tag: string, attributes: Attributes = {}, ...content: Content[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  decorate(element, attributes);
  fill(element, content);
  return element;
}

/** Replaces what is in `element`; who had the focus by its data-key has it again. */
export function show(element: Element, ...content: Content[]): void {
  const focused = element.contains(document.activeElement)
    ? (document.activeElement as HTMLElement).dataset["key"]
    : undefined;
  const fragment = document.createDocumentFragment();
  fill(fragment, content);
  element.replaceChildren(fragment);
  if (focused === undefined) return;
  for (const one of element.querySelectorAll<HTMLElement>("[data-key]")) {
    if (one.dataset["key"] === focused) one.focus({ preventScroll: true });
  }
}

/** Calls `action` once, soon after the first of many calls: at most every `pause` milliseconds. */
export function gathered(pause: number, action: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = -Infinity;
  return () => {
    if (timer !== undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        last = performance.now();
        action();
      },
      Math.max(0, last + pause - performance.now()),
    );
  };
}
