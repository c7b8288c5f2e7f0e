// The conversations of this browser: each is stored under a key of its own, so that two tabs do not write over each
// other's, and a tab remembers which one it has open. The list of them, deleting with a way back, and the export. What is
// stored is what the server says a conversation is (`ui.history`); it is sent there only to be shown again or exported.
((tiaoyin) => {
  const { say, part, ready } = tiaoyin, KEY = "tiaoyin.talk.", OPEN = "tiaoyin.open", DRAFT = "tiaoyin.draft", FORMS = ["md", "docx", "json"];
  const written = {}, moved = {}; // by id: as this tab last saw it; where it goes on when another tab went on with it too
  let open = "", coming = 0, gone = null, talks, menu;

  const read = (id) => { try { return localStorage.getItem(KEY + id); } catch { return null; } };
  const row = (text) => { try { return JSON.parse(text) || {}; } catch { return {}; } };
  const bare = (talk) => JSON.stringify({ ...talk, id: "", at: 0 });
  function all() { // the latest first
    let keys = [];
    try { keys = Object.keys(localStorage).filter((key) => key.startsWith(KEY)); } catch { /* a browser that keeps nothing */ }
    return keys.map((key) => ({ ...row(localStorage[key]), id: key.slice(KEY.length) })).sort((a, b) => (b.at || 0) - (a.at || 0));
  }
  function write(id, text) {
    for (;;) {
      try { localStorage.setItem(KEY + id, text); written[id] = text; return; } catch { /* no room, or nothing is kept here */ }
      const oldest = all().filter((talk) => talk.id !== id).pop();
      if (!oldest) return;
      localStorage.removeItem(KEY + oldest.id);
    }
  }
  function opens(id) {
    open = id;
    try { sessionStorage.setItem(OPEN, id); } catch { /* as above */ }
  }
  // What is being typed comes back too: after a lost connection gradio loads the page anew by itself.
  function drafts(text) {
    try { sessionStorage.setItem(DRAFT, text); } catch { /* as above */ }
  }
  function draft() {
    try { return `?q=${encodeURIComponent(sessionStorage.getItem(DRAFT) || "")}`; } catch { return ""; }
  }
  document.addEventListener("input", ({ target }) => { if (target.matches("#ty-box textarea")) drafts(target.value); });
  function take(...query) { // the inputs of `Page.reopen`
    const text = open && read(open) || "";
    if (text) written[open] = text;
    delete moved[open];
    return [text, ...query, null, tiaoyin.speak()];
  }
  function go(id) {
    coming += 1;
    opens(id);
    document.getElementById("ty-switch").click();
  }

  const make = (tag, properties, ...inside) => {
    const made = Object.assign(document.createElement(tag), tag === "button" ? { type: "button" } : {}, properties);
    made.append(...inside);
    return made;
  };
  const titled = (talk) => talk.title || say("talk_unreadable");
  function remove(talk) {
    gone = { ...talk, text: read(talk.id), open: talk.id === open };
    localStorage.removeItem(KEY + talk.id);
    if (gone.open) go("");
    draw();
    talks.querySelector(".ty-talks-gone button").focus();
  }
  function restore() {
    write(gone.id, gone.text);
    if (gone.open && !open) go(gone.id);
    const id = gone.id;
    gone = null;
    draw();
    talks.querySelector(`[data-talk="${CSS.escape(id)}"]`).focus();
  }
  function draw() {
    const shut = make("button", { className: "ty-talks-close", textContent: "✕", title: say("read_close"), onclick: () => talks.close() });
    shut.setAttribute("aria-label", say("read_close"));
    const fresh = make("button", { className: "ty-talks-new", textContent: say("talk_new"), onclick: () => { talks.close(); go(""); } });
    const lost = make("p", { className: "ty-talks-gone" });
    lost.setAttribute("role", "status");
    if (gone) lost.append(make("span", { textContent: say("talk_deleted", { title: titled(gone) }) }), " ", make("button", { textContent: say("talk_undo"), onclick: restore }));
    const rows = all().map((talk) => {
      const name = make("button", { className: "ty-talk", onclick: () => { talks.close(); go(talk.id); } },
        make("span", { textContent: titled(talk) }), make("small", { textContent: talk.day || "" }));
      name.dataset.talk = talk.id;
      if (talk.id === open) name.setAttribute("aria-current", "true");
      const cut = make("button", { className: "ty-talk-delete", textContent: say("talk_delete"), onclick: () => remove(talk) });
      cut.setAttribute("aria-label", `${say("talk_delete")} ${titled(talk)}`);
      return make("li", {}, name, cut);
    });
    const list = rows.length ? make("ul", {}, ...rows) : make("p", { className: "ty-talks-none", textContent: say("talk_none") });
    talks.replaceChildren(make("header", {}, make("h2", { id: "ty-talks-name", textContent: say("talk_list") }), shut), fresh, lost, list, make("p", { className: "ty-talks-foot", textContent: say("talk_yours") }));
    const names = ["Markdown", say("talk_word"), "JSON"];
    menu.replaceChildren(...FORMS.map((form, n) => make("button", { textContent: names[n], onclick: () => send(form) })), make("p", {}));
    menu.lastChild.setAttribute("role", "status");
    menu.setAttribute("aria-label", say("talk_export"));
  }

  function download(file, name) {
    const link = make("a", { href: URL.createObjectURL(file), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }
  async function send(form) {
    const text = read(open), body = menu.lastChild;
    let reply = null;
    try { reply = await fetch(new URL(`export/${form}?lang=${document.documentElement.lang}`, document.baseURI), { method: "POST", body: text }); } catch { /* said below */ }
    if (!reply?.ok) { body.textContent = say("talk_unexported"); return; }
    body.textContent = "";
    download(await reply.blob(), `${(row(text).title || "").replace(/[\\/:*?"<>|\p{C}.…]+/gu, " ").trim() || "TiaoYin"}.${form}`);
    menu.hidePopover();
  }

  document.addEventListener("click", (event) => {
    if (!part(event, "#ty-talks-open")) return;
    gone = null;
    draw();
    talks.showModal();
    talks.querySelector("[aria-current]")?.focus();
  });
  document.addEventListener("tiaoyin:lang", () => talks && draw());
  addEventListener("storage", () => { if (talks?.open && !talks.contains(document.activeElement)) draw(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // its session may be over
  ready(() => {
    talks = make("dialog", { id: "ty-talks" });
    talks.setAttribute("aria-labelledby", "ty-talks-name");
    talks.addEventListener("click", (event) => { if (event.target === talks) talks.close(); });
    talks.addEventListener("keydown", (event) => event.stopPropagation()); // Escape closes this, not the law beside it
    menu = make("div", { id: "ty-export", popover: "auto" });
    menu.setAttribute("role", "group");
    menu.addEventListener("beforetoggle", () => {
      const at = document.getElementById("ty-export-open").getBoundingClientRect();
      menu.style.inset = `${at.bottom + 4}px auto auto ${Math.min(at.left, document.documentElement.clientWidth - 240)}px`;
    });
    document.body.append(talks, menu);
    draw();
  });
  try { open = sessionStorage.getItem(OPEN) || ""; } catch { /* as above */ }

  Object.assign(tiaoyin, {
    download,
    restore() { tiaoyin.restored = true; return take(new URLSearchParams(location.search).has("q") ? location.search : draft()); },
    reopen: () => take(),
    arrived() { coming -= 1; tiaoyin.latest(); tiaoyin.write(); },
    leave() { opens(""); return [null]; },
    // The language, which the page may not have been told yet, and what a server that was begun anew does not know.
    asking(given) {
      if (given.length > 3) drafts(""); // not where the last question is asked again
      return [...given.slice(0, -2), tiaoyin.speak(), open && read(open) || ""];
    },
    save(text) {
      if (!text) { if (!coming) opens(""); return; }
      const talk = JSON.parse(text);
      let id = moved[talk.id] || talk.id;
      const kept = read(id);
      if (kept === null || bare(row(kept)) !== bare(talk)) {
        if (kept !== null && kept !== written[id]) id = moved[talk.id] = `${Date.now().toString(16)}${talk.id}`.slice(0, 16);
        write(id, JSON.stringify({ ...talk, id, at: Date.now() }));
      } else written[id] = kept; // another tab showed the same answer to its end
      if (!coming) opens(id);
    },
  });
})(window.tiaoyin);
