// The Documents tab: files are chosen or dropped, sent one after the other, and each says how far it is; what there is
// stands below, with a tick at each document that is asked. The server makes the list as escaped HTML and says the words
// of each step; here they are only put in place. What is not ticked this tab of the browser keeps, and sends with each
// question. Whose the files are, a cookie says that is not seen here.
((tiaoyin) => {
  const { say, part, ready, announce } = tiaoyin, KEY = "tiaoyin.leftOut", NAMED = 3;
  const lang = () => document.documentElement.lang, at = (path = "") => new URL(`library${path}?lang=${lang()}`, document.baseURI);
  const make = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const shelf = make(`<div><div class="ty-drop"><p><span class="ty-drop-words"></span>
    <button type="button" class="ty-choose"></button></p><input type="file" class="ty-files" multiple hidden>
    <p class="ty-limits"></p></div><ul class="ty-sending"></ul><div class="ty-sift" hidden>
    <input type="search" class="ty-filter" autocomplete="off"><div class="ty-ticks"><button type="button" class="ty-tick-all"></button>
    <button type="button" class="ty-tick-none"></button><output class="ty-count"></output></div></div>
    <p class="ty-note ty-no-match" role="status" hidden></p><p class="ty-note ty-trouble" hidden></p><div class="ty-listed"></div></div>`);
  const get = (name) => shelf.querySelector(`.ty-${name}`), all = (selector) => [...shelf.querySelectorAll(selector)];
  let leftOut = new Set(), limits = null, beside = null, again, listed = false, turn = 0;
  try { leftOut = new Set(JSON.parse(sessionStorage.getItem(KEY))); } catch { /* a browser that keeps nothing */ }

  function label() {
    const texts = { "drop-words": "library_drop", choose: "library_choose", "tick-all": "library_tick_all", "tick-none": "library_tick_none", "no-match": "library_no_match" };
    for (const [name, key] of Object.entries(texts)) get(name).textContent = say(key);
    for (const name of ["placeholder", "ariaLabel"]) get("filter")[name] = say("library_search");
    get("sending").ariaLabel = say("library_progress");
    get("files").ariaLabel = say("library_choose");
    if (!limits) return;
    const readable = say(limits.kinds.split(" ").includes("png") ? "library_kinds_and_pictures" : "library_kinds");
    get("limits").textContent = say("library_limits", { ...limits, readable });
  }

  // What is being tried again, above what was listed before.
  function trouble(text = "") {
    get("trouble").textContent = text;
    get("trouble").hidden = !text;
  }

  // The list, as often as it changes; what the server cannot give yet is asked for again.
  async function load() {
    const mine = ++turn; // of two answers the one asked for last counts
    clearTimeout(again);
    let reply = null, text = say("library_unreachable");
    try { reply = await fetch(at()); text = await reply.text(); } catch { /* said below */ }
    if (mine !== turn) return;
    if (!reply?.ok) {
      trouble(text);
      if (!reply) announce(text);
      again = setTimeout(load, 2000);
      return;
    }
    listed = true;
    trouble();
    get("listed").replaceChildren(make(text));
    const known = new Set(all(".ty-tick").map((tick) => tick.value));
    leftOut = new Set([...leftOut].filter((id) => known.has(id)));
    for (const tick of all(".ty-tick")) tick.checked = !leftOut.has(tick.value);
    for (const row of all(".ty-file")) row.classList.toggle("ty-fresh", fresh.has(row.dataset.key));
    sift();
    choose();
  }

  // Which are asked.
  function choose() {
    const ticks = all(".ty-tick"), asked = ticks.filter((tick) => tick.checked), numbers = { n: asked.length, of: ticks.length };
    leftOut = new Set(ticks.filter((tick) => !tick.checked).map((tick) => tick.value));
    try { sessionStorage.setItem(KEY, JSON.stringify([...leftOut])); } catch { /* as above */ }
    get("count").textContent = say("library_count", numbers);
    get("sift").hidden = ticks.length < 2;
    beside?.replaceChildren();
    if (!beside || !leftOut.size) return;
    const titles = asked.map((tick) => tick.closest("li").querySelector(".ty-title").textContent).join(lang() === "zh" ? "、" : ", ");
    const words = document.createElement("span"), button = document.createElement("button");
    const key = !asked.length ? "library_none_asked" : asked.length > NAMED ? "library_some" : "library_only";
    words.textContent = say(key, { ...numbers, titles });
    Object.assign(button, { type: "button", className: "ty-ask-all", textContent: say("library_ask_all") });
    beside.append(words, " ", button);
  }
  const shown = () => all(".ty-row").filter((row) => !row.hidden).map((row) => row.querySelector(".ty-tick"));
  function tickAll(ticks, on) {
    for (const tick of ticks) tick.checked = on;
    choose();
    announce(get("count").textContent);
  }
  function sift() {
    const wanted = get("filter").value.trim().toLowerCase();
    for (const row of all(".ty-row")) {
      const texts = [row.querySelector(".ty-title"), row.closest(".ty-file")?.querySelector(".ty-name")];
      row.hidden = Boolean(wanted) && !texts.some((each) => each?.textContent.toLowerCase().includes(wanted));
    }
    for (const box of all(".ty-file, .ty-documents section")) box.hidden = Boolean(wanted) && !box.querySelector(".ty-row:not([hidden])");
    get("no-match").hidden = !all(".ty-row").length || shown().length > 0;
  }

  // Sending: one file at a time, an archive's members each in a line of its own.
  const waiting = [], fresh = new Set();
  let sending = null;
  function line(name, key, values, before) {
    const row = make(`<li><div><span class="ty-sent-name"></span> <span class="ty-facts"></span></div>
      <progress max="100"></progress><button type="button" class="ty-end">✕</button></li>`);
    row.querySelector(".ty-sent-name").textContent = name;
    get("sending").insertBefore(row, before?.nextSibling || null);
    tell(row, "waiting", key && say(key, values));
    return row;
  }
  function tell(row, stage, words, done = 0, total = 0) {
    const name = row.querySelector(".ty-sent-name").textContent, bar = row.querySelector("progress");
    row.dataset.stage = stage;
    row.querySelector(".ty-facts").textContent = words;
    if (total) bar.value = 100 * done / total; else bar.removeAttribute("value");
    bar.ariaLabel = name;
    bar.hidden = ["waiting", "failed", "done"].includes(stage);
    row.querySelector(".ty-end").ariaLabel = say(stage === "failed" ? "library_dismiss" : "library_cancel", { name });
    if (["failed", "done"].includes(stage)) announce(`${name}: ${words}`);
  }
  function add(files) {
    if (!sending && !waiting.length) { fresh.clear(); all('.ty-sending [data-stage="failed"]').forEach((row) => row.remove()); }
    for (const { file, folder } of files) {
      const row = line(file.name, "library_wait");
      if (folder) tell(row, "failed", say("library_folder"));
      else if (file.size > limits.mb * 2 ** 20) tell(row, "failed", say("library_large", { ...limits, size: Math.ceil(file.size / 2 ** 20) }));
      else waiting.push({ file, row });
    }
    next();
  }
  function next() {
    if (sending || !waiting.length) return;
    const { file, row } = waiting.shift(), rows = { 1: row }, request = new XMLHttpRequest();
    let read = 0;
    const steps = () => {
      for (let end = request.responseText.indexOf("\n", read); end >= 0; end = request.responseText.indexOf("\n", read)) {
        step(JSON.parse(request.responseText.slice(read, end)), rows);
        read = end + 1;
      }
    };
    sending = { row, request };
    get("sending").ariaBusy = "true";
    request.open("POST", at());
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-Name", encodeURIComponent(file.name));
    request.upload.onprogress = ({ loaded, total }) => {
      if (!read) tell(row, "sending", say("library_send", { percent: Math.floor(100 * loaded / total) }), loaded, total);
    };
    request.onprogress = steps;
    request.onloadend = () => {
      if (request.status) steps();
      for (const each of Object.values(rows)) {
        if (each.isConnected && each.dataset.stage !== "failed") tell(each, "failed", say("library_broken"));
      }
      sending = null;
      load().then(() => { get("sending").ariaBusy = String(Boolean(sending)); });
      next();
    };
    tell(row, "sending", say("library_send", { percent: 0 }), 0, 1);
    request.send(file);
  }
  function step({ n, name, stage, words, key, done, total }, rows) {
    const row = rows[n] ||= line(name, "", {}, rows[n - 1]?.isConnected ? rows[n - 1] : null);
    row.querySelector(".ty-sent-name").textContent = name;
    tell(row, stage, words, done, total);
    if (stage !== "done") return;
    fresh.add(key);
    row.remove();
  }

  async function remove(path) {
    const reply = await fetch(at(path), { method: "DELETE" }).catch(() => null);
    if (!reply?.ok) {
      trouble(say("library_unreachable"));
      announce(say("library_unreachable"));
      setTimeout(remove, 2000, path);
      return;
    }
    await load();
    announce(say("library_removed"));
    if (document.activeElement === document.body) (shelf.querySelector(".ty-remove") || get("choose")).focus();
  }
  function end(row) {
    const place = waiting.findIndex((each) => each.row === row), failed = row.dataset.stage === "failed";
    row.remove();
    if (place >= 0) waiting.splice(place, 1);
    else if (!failed) sending?.request.abort(); // the other members of an archive too
    get("choose").focus();
  }

  shelf.addEventListener("click", (event) => {
    const button = part(event, "button");
    if (!button) return;
    const is = (name) => button.classList.contains(`ty-${name}`);
    if (is("choose")) get("files").click();
    else if (is("tick-all") || is("tick-none")) tickAll(shown(), is("tick-all"));
    else if (is("end")) end(button.closest("li"));
    else if (is("remove")) remove(`/${button.closest("li").dataset.key}`);
    else if (is("clear") && button.dataset.sure) remove("");
    else if (is("clear")) { button.dataset.sure = "1"; button.textContent = say("library_clear_sure"); }
  });
  shelf.addEventListener("change", (event) => { if (part(event, ".ty-tick")) choose(); });
  get("files").addEventListener("change", ({ target }) => {
    add([...target.files].map((file) => ({ file })));
    target.value = "";
  });
  get("filter").addEventListener("input", () => { sift(); if (!get("no-match").hidden) announce(say("library_no_match")); });
  document.addEventListener("click", (event) => {
    if (part(event, "#ty-tab-documents-button")) load();
    if (!part(event, ".ty-ask-all")) return;
    tickAll(all(".ty-tick"), true);
    tiaoyin.write();
  });

  // A file dropped beside the place for it would replace the page.
  const files = (event) => shelf.isConnected && shelf.offsetParent && event.dataTransfer?.types.includes("Files");
  let over;
  addEventListener("dragover", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    get("drop").classList.add("ty-over");
    clearTimeout(over);
    over = setTimeout(() => get("drop").classList.remove("ty-over"), 200);
  });
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    add(items.map((item) => ({ file: item.getAsFile(), folder: item.webkitGetAsEntry?.()?.isDirectory })));
  });

  document.addEventListener("tiaoyin:lang", () => { label(); if (listed) load(); });
  // Gradio draws the place when it likes, and may draw it again.
  function settle() {
    const place = document.querySelector(".ty-shelf"), box = document.querySelector(".ty-chosen");
    if (box !== beside) {
      beside = box;
      if (listed) choose();
    }
    if (!place || shelf.parentElement === place) return;
    limits ||= { ...place.dataset };
    get("files").accept = [...limits.kinds.split(" "), "zip"].map((kind) => `.${kind}`).join();
    label();
    place.replaceChildren(shelf);
    load();
  }
  ready(() => {
    settle();
    new MutationObserver(settle).observe(document.body, { childList: true, subtree: true });
    if (leftOut.size) load();
  });
  tiaoyin.leaveOut = (given) => [...given.slice(0, -1), JSON.stringify([...leftOut])];
})(window.tiaoyin);
