// What the page does in the browser beside gradio: language and theme from this browser's own choices, cards and copying
// at citations, what a reader unfolded stays unfolded while a message grows, and the stages said to a screen reader.
// Loaded before the page is drawn. Nothing is fetched, and nothing leaves the browser but the language and the choices.
window.tiaoyin = ((words, served) => {
  const KEY = "tiaoyin.choices", NAMES = ["llm", "provisions", "language", "theme"];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const early = new Set(); // what is chosen before the server has said what this browser chose the last time
  let chosen = {}, spoken = "", settled = false;
  try { chosen = JSON.parse(localStorage.getItem(KEY)) || {}; } catch { /* a browser that keeps nothing */ }

  const say = (key, values = {}) =>
    words[document.documentElement.lang === "zh" ? "zh" : "en"][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const paint = () => document.body?.classList.toggle("dark", chosen.theme ? chosen.theme === "dark" : dark.matches);
  // Gradio paints its own idea of the theme first, and again when the system's changes.
  dark.addEventListener("change", () => setTimeout(paint));
  // Gradio puts this into the head when it likes: before the page is there, or after.
  const ready = (run) => document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", run) : run();
  ready(paint);

  // `?lang=` in the address, else the visitor's choice, else what the server was told to speak, else the browser's.
  function speak(choice) {
    const asked = new URLSearchParams(location.search).get("lang");
    const wanted = (choice === undefined ? asked || chosen.language : choice) || served || navigator.language || "";
    const lang = wanted.toLowerCase().startsWith("zh") ? "zh" : "en", changed = lang !== spoken;
    document.documentElement.lang = spoken = lang;
    if (changed) document.dispatchEvent(new Event("tiaoyin:lang"));
    return lang;
  }

  speak();
  // Gradio puts the browser's own there while it starts.
  new MutationObserver(() => {
    if (document.documentElement.lang !== spoken) document.documentElement.lang = spoken;
  }).observe(document.documentElement, { attributeFilter: ["lang"] });

  // Of a choice alone: what the other fields show meanwhile may be older than what was chosen there.
  function keep(name, value) {
    if (!settled) early.add(name);
    chosen = { ...chosen, [name]: value };
    try { localStorage.setItem(KEY, JSON.stringify(chosen)); } catch { /* as above */ }
    paint();
  }

  const announce = (text) => {
    const said = document.getElementById("ty-said");
    if (said && said.textContent !== text) said.textContent = text;
  };

  // Cards: the clause of the citation under the pointer or with the focus; Escape hides it, and it can be pointed at.
  let card, over = null, closing;
  function showCard(link) {
    const source = document.getElementById(link.dataset.source);
    if (!source) return;
    clearTimeout(closing);
    if (over === link) return;
    hideCard();
    over = link;
    const label = document.createElement("p"), quote = source.querySelector("blockquote").cloneNode(true);
    label.className = "ty-card-label";
    label.append(source.querySelector(".ty-label").textContent, " ", source.querySelector(".ty-verbatim").cloneNode(true));
    card.replaceChildren(label, quote);
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    const at = link.getClientRects()[0], wide = card.offsetWidth, high = card.offsetHeight;
    card.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - wide - 8))}px`;
    card.style.top = `${at.bottom + 6 + high > innerHeight && at.top > high + 6 ? at.top - high - 6 : at.bottom + 6}px`;
  }
  function hideCard() {
    over?.removeAttribute("aria-describedby");
    over = null;
    if (card) card.hidden = true;
  }
  const part = (event, selector) => event.target instanceof Element ? event.target.closest(selector) : null;
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = part(event, "a.ty-cite");
    if (link) showCard(link);
    else if (part(event, "#ty-card")) clearTimeout(closing);
    else if (over && over !== document.activeElement) { clearTimeout(closing); closing = setTimeout(hideCard, 150); }
  });
  document.addEventListener("focusin", (event) => {
    const link = part(event, "a.ty-cite");
    if (link?.matches(":focus-visible")) showCard(link); else if (!part(event, "#ty-card")) hideCard();
  });
  // Gradio names each radio button differently, and again when it speaks another language: the arrow keys would not go from
  // one to the next, nor the Tab key to the one that is chosen.
  for (const when of ["focusin", "keydown"]) document.addEventListener(when, (event) => {
    const group = [...part(event, "#ty-settings fieldset, #ty-evaluate fieldset")?.querySelectorAll("input") || []];
    if (group.every((each) => each.name === group[0].name)) return;
    group.forEach((each) => { each.name = group[0].name; });
    if (event.target.matches(":focus-visible")) group.find((each) => each.checked)?.focus();
  });
  document.addEventListener("scroll", hideCard, { capture: true, passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !over) return;
    hideCard();
    event.stopImmediatePropagation();
  }, true);

  // Pressed by key, these go, and the focus with them: the question box takes it. A tap would bring up a phone's keys.
  const write = () => document.querySelector("#ty-box textarea")?.focus();
  document.addEventListener("click", (event) => {
    if (!event.detail && part(event, "#ty-send, #ty-stop, #ty-again, .ty-example")) write();
  });

  async function copied(text) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed, or no https */ }
    const box = document.createElement("textarea"), before = document.activeElement;
    box.value = text;
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    before?.focus({ preventScroll: true });
    return done;
  }
  const lines = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll("br").forEach((line) => line.replaceWith("\n"));
    return copy.textContent;
  };
  document.addEventListener("click", async (event) => {
    const button = part(event, ".ty-copy, .ty-link"), source = button?.closest("li");
    if (!button) return;
    const text = button.dataset.link ? new URL(button.dataset.link, document.baseURI).href
      : `${source.querySelector(".ty-label").textContent}\n${lines(source.querySelector("blockquote"))}`;
    const done = await copied(text), was = button.textContent;
    button.textContent = say(done ? "read_copied" : "read_uncopied");
    announce(button.textContent);
    setTimeout(() => { button.textContent = was; }, 2000);
  });

  // A message that grows is written over node by node, folds included: a fold keeps the state its reader gave it.
  const folds = new Map();
  let heard = "";
  document.addEventListener("click", (event) => {
    const fold = part(event, "#ty-chat summary")?.parentElement;
    if (fold?.id) folds.set(fold.id, !fold.open);
  }, true);
  function redrawn() {
    for (const [id, open] of folds) {
      const fold = document.getElementById(id);
      if (fold && fold.open !== open) fold.open = open;
    }
    const turns = document.querySelectorAll("#ty-chat .ty-turn"), last = turns[turns.length - 1];
    if (!turns.length) folds.clear();
    document.body.classList.toggle("ty-talking", turns.length > 0);
    const now = last?.querySelector(".ty-stage") || last?.querySelector(".ty-text, .ty-refusal, .ty-note");
    if (now && now.textContent !== heard) announce(heard = now.textContent);
    document.dispatchEvent(new CustomEvent("tiaoyin:redrawn", { detail: last }));
  }
  ready(() => {
    card = Object.assign(document.createElement("div"), { id: "ty-card", role: "tooltip", hidden: true });
    const said = Object.assign(document.createElement("div"), { id: "ty-said", className: "ty-unseen", role: "status" });
    document.body.append(card, said);
    const changed = { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["open"] };
    new MutationObserver((records) => {
      if (records.some(({ target }) => (target.parentElement || target).closest?.("#ty-chat"))) redrawn();
      lost();
    }).observe(document.body, changed);
  });

  // Gradio tells of a lost connection in English only; nothing else is told this way here.
  function lost() {
    for (const [name, key] of [["title", "page_lost"], ["message-text", "page_lost_then"]]) {
      const told = document.querySelector(`.toast-${name}`);
      if (told && told.textContent !== say(key)) told.textContent = say(key);
    }
  }

  // Gradio draws what a listener returned over the next few frames.
  function drawn(run, frames = 12) {
    requestAnimationFrame(() => { run(); if (frames > 1) drawn(run, frames - 1); });
  }

  return {
    say, keep, speak, part, ready, announce,
    start() { paint(); return [speak(), JSON.stringify(chosen)]; },
    settle(values) {
      settled = true;
      return NAMES.map((name, n) => early.has(name) ? chosen[name] : values[n]);
    },
    write() { requestAnimationFrame(write); },
    reveal(id) { drawn(() => document.getElementById(id)?.scrollIntoView({ block: "nearest" })); },
    asked() {
      this.restored = false; // history.js: the conversation on the page is no longer only what it brought back
      const query = new URLSearchParams(location.search);
      if (query.has("q")) { // or a reload would put into the box what was asked
        query.delete("q");
        history.replaceState(history.state, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
      }
      this.latest();
    },
    latest() {
      drawn(() => {
        const asked = document.querySelectorAll(".ty-question");
        if (asked.length > 1) asked[asked.length - 1].scrollIntoView({ block: "start" });
      });
    },
  };
})(WORDS, SERVED);
