// The panel in which a document is read: beside the answer from 900 px on, else a sheet over it. Any link to a provision
// (`?read=DOC&at=article/6`) opens it there, highlighted; the outline follows the scrolling; words are found in it. Each
// place a reader opens is an entry of the browser's history, so that "back" goes to the one before and then closes it.
// The document comes from this server as HTML that is escaped there (`ui.read`).
((tiaoyin) => {
  const { say, part, ready } = tiaoyin, wide = matchMedia("(min-width: 900px)");
  let panel, body, outline, doc = null, at = null, opener = null, depth = 0, asked = 0, dismissed = false, leaving = false, shownFor = null;
  let told = "read_empty"; // what stands in place of a document
  const get = (name) => panel.querySelector(`.ty-reader-${name}`);
  const make = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const beside = () => panel.clientWidth >= 736; // the outline covers nothing (reader.css)
  const isOpen = () => document.body.classList.contains("ty-reading");
  const placeOf = (url) => {
    const query = new URL(url, location.href).searchParams;
    return query.has("read") ? { doc: query.get("read"), at: query.get("at") } : null;
  };

  function label() {
    if (!panel) return;
    panel.setAttribute("aria-label", say("read_panel"));
    for (const [name, key] of [["outline", "read_outline"], ["previous", "read_previous"], ["next", "read_next"], ["close", "read_close"]]) {
      get(name).setAttribute("aria-label", say(key));
      get(name).title = say(key);
    }
    get("query").placeholder = say("read_search");
    get("query").setAttribute("aria-label", say("read_search"));
    if (!doc) get("empty").textContent = say(told);
  }

  function build() {
    panel = make(`<div class="ty-reader"><div class="ty-reader-bar">
      <button type="button" class="ty-reader-outline" aria-expanded="false">☰</button>
      <form role="search" class="ty-reader-search"><input type="search" class="ty-reader-query" autocomplete="off">
      <output class="ty-reader-count"></output><button type="button" class="ty-reader-previous">↑</button>
      <button type="submit" class="ty-reader-next">↓</button></form>
      <button type="button" class="ty-reader-close">✕</button></div><p class="ty-reader-crumbs"></p>
      <div class="ty-reader-page"><p class="ty-reader-empty"></p></div></div>`);
    document.body.append(panel);
    get("outline").addEventListener("click", () => unfold(!panel.classList.contains("ty-outlined")));
    get("close").addEventListener("click", close);
    get("query").addEventListener("input", () => search(0));
    get("search").addEventListener("submit", (event) => { event.preventDefault(); step(1); });
    get("previous").addEventListener("click", () => step(-1));
    get("query").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.shiftKey) { event.preventDefault(); step(-1); }
    });
    label();
  }

  function unfold(open) {
    panel.classList.toggle("ty-outlined", open);
    get("outline").setAttribute("aria-expanded", String(open));
    if (open) follow();
  }

  // Beside the answer it is one of two columns; over it, a dialog, and what lies below is out of reach.
  function fit() {
    panel.setAttribute("role", wide.matches ? "complementary" : "dialog");
    if (wide.matches) panel.removeAttribute("aria-modal"); else panel.setAttribute("aria-modal", "true");
    document.querySelector("gradio-app, .gradio-container")?.toggleAttribute("inert", !wide.matches && isOpen());
  }

  // Which document, and where in it. Answers that come too late are dropped.
  async function show(place, focus) {
    const mine = ++asked;
    document.body.classList.add("ty-reading");
    fit();
    if (place.doc !== doc) {
      write("read_loading");
      const lang = document.documentElement.lang;
      let reply = null;
      try { reply = await fetch(new URL(`read/${encodeURIComponent(place.doc)}?lang=${lang}`, document.baseURI)); } catch { /* said below */ }
      const html = reply?.ok ? await reply.text() : null;
      if (mine !== asked) return;
      if (html === null) { write(reply?.status === 404 ? "read_gone" : "read_failed"); get("close").focus(); return; }
      doc = place.doc;
      get("page").replaceChildren(make(html));
      body = panel.querySelector(".ty-body");
      outline = panel.querySelector(".ty-outline");
      body.tabIndex = 0; // the arrow keys scroll it
      body.setAttribute("role", "region");
      body.setAttribute("aria-label", body.querySelector(".ty-law-title").textContent);
      body.addEventListener("scroll", () => { following ||= requestAnimationFrame(follow); }, { passive: true });
      if (beside() && outline.querySelectorAll("a").length > 1) unfold(true);
      texts = null;
      search(0, true);
    }
    reach(place.at, focus);
  }
  function write(key) {
    doc = body = outline = null;
    told = key;
    get("page").replaceChildren(make(`<p class="ty-reader-empty" role="status"></p>`));
    get("empty").textContent = say(key);
    get("crumbs").textContent = "";
  }

  function reach(place, focus) {
    panel.querySelector(".ty-cited")?.classList.remove("ty-cited");
    at = place;
    const target = (place && body.querySelector(`#${CSS.escape(place)}`)) || body.querySelector(".ty-law-title");
    if (place && target.id === place) target.classList.add("ty-cited");
    if (!beside()) unfold(false);
    settle(target);
    if (focus) { target.tabIndex = -1; target.focus({ preventScroll: true }); }
  }
  // What is far off has only a guessed height until it is drawn: go there until the place stays.
  function settle(target, tries = 6) {
    target.scrollIntoView({ block: target.offsetHeight > body.clientHeight * 0.7 ? "start" : "center" });
    const top = target.getBoundingClientRect().top;
    requestAnimationFrame(() => {
      if (tries && Math.abs(target.getBoundingClientRect().top - top) > 1) settle(target, tries - 1); else follow();
    });
  }

  // The outline follows the scrolling: the article at the panel's top, its folds open, its headings as breadcrumb.
  let following = 0;
  function follow() {
    following = 0;
    if (!body) return;
    const cited = body.querySelector(".ty-cited")?.closest("section"), box = body.getBoundingClientRect();
    const place = cited?.getBoundingClientRect();
    if (place && place.bottom > box.top && place.top < box.bottom) { mark(cited); return; }
    for (let down = 30; down < 200; down += 20) { // between two articles there is nothing
      const spots = document.elementsFromPoint(box.right - Math.min(90, box.width / 2), box.top + down);
      const seen = spots.map((spot) => spot.closest(".ty-body section")).find(Boolean);
      if (seen) { mark(seen); return; }
    }
    if (!outline.querySelector("[aria-current]")) mark(body.querySelector("section"));
  }
  function mark(section) {
    const link = section && outline.querySelector(`a[href$="at=${section.id.split("/").map(encodeURIComponent).join("/")}"]`);
    const before = outline.querySelector("[aria-current]");
    if (!link || link === before) return;
    before?.removeAttribute("aria-current");
    link.setAttribute("aria-current", "location");
    const above = [];
    for (let fold = link.closest("details"); fold; fold = fold.parentElement.closest("details")) above.unshift(fold);
    outline.querySelectorAll("details[data-follows]").forEach((fold) => {
      if (!above.includes(fold)) { fold.open = false; delete fold.dataset.follows; }
    });
    for (const fold of above) if (!fold.open) { fold.open = true; fold.dataset.follows = ""; }
    get("crumbs").dataset.title = body.querySelector(".ty-law-title").textContent;
    get("crumbs").textContent = [...above.map((fold) => fold.firstElementChild.textContent), link.firstChild.textContent.trim()].join(" › ");
    if (panel.classList.contains("ty-outlined")) outline.scrollTop += link.getBoundingClientRect().top - outline.getBoundingClientRect().top - outline.clientHeight / 3;
  }

  // Finding words: the text nodes joined, so that a hit may begin in one and end in another.
  let texts = null, hits = [], hit = 0;
  function search(from, silent) {
    const wanted = get("query").value.trim().toLowerCase();
    hits = [];
    if (wanted && body) {
      texts ||= gather();
      for (let n = texts.whole.indexOf(wanted); n >= 0; n = texts.whole.indexOf(wanted, n + wanted.length)) hits.push(n);
    }
    hit = from;
    const range = (n) => {
      const found = new Range();
      found.setStart(...texts.place(n));
      found.setEnd(...texts.place(n + wanted.length - 1, 1));
      return found;
    };
    const ranges = hits.map(range);
    CSS.highlights?.set("ty-found", new Highlight(...ranges));
    if (!hits.length || silent) CSS.highlights?.delete("ty-found-now");
    else {
      if (!beside()) unfold(false);
      CSS.highlights?.set("ty-found-now", new Highlight(ranges[hit]));
      settle(ranges[hit].startContainer.parentElement);
    }
    const told = !wanted ? "" : hits.length ? say("read_count", { n: hit + 1, of: hits.length }) : say("read_none");
    get("count").textContent = told;
  }
  function gather() {
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT), nodes = [], starts = [];
    let whole = "";
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      nodes.push(node);
      starts.push(whole.length);
      const lower = node.data.toLowerCase();
      whole += lower.length === node.data.length ? lower : node.data;
    }
    const place = (n, more = 0) => {
      let low = 0, high = nodes.length - 1;
      while (low < high) { const mid = (low + high + 1) >> 1; if (starts[mid] <= n) low = mid; else high = mid - 1; }
      return [nodes[low], n - starts[low] + more];
    };
    return { whole, place };
  }
  function step(by) {
    if (hits.length) search((hit + by + hits.length) % hits.length);
  }

  function open(place, link) {
    opener = link || opener;
    dismissed = false;
    const { lang } = Object.fromEntries(new URLSearchParams(location.search));
    const query = new URLSearchParams({ ...(lang && { lang }), read: place.doc, ...(place.at && { at: place.at }) });
    if (history.state?.ty?.doc !== place.doc || history.state.ty.at !== place.at)
      history.pushState({ ty: place, depth: ++depth }, "", `?${query}`.replaceAll("%2F", "/"));
    show(place, true);
  }
  function hide() {
    asked += 1;
    document.body.classList.remove("ty-reading");
    fit();
    if (opener?.isConnected && panel.contains(document.activeElement)) opener.focus({ preventScroll: wide.matches });
    opener = null;
  }
  function close() {
    dismissed = true;
    hide();
    const back = depth;
    depth = 0;
    leaving = back > 0;
    if (back) history.go(-back);
    else if (placeOf(location.href)) history.replaceState(null, "", location.pathname);
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = part(event, 'a[href^="?read="]');
    if (!link) return;
    event.preventDefault(); // and stopped, or gradio's own router would act on the link
    event.stopPropagation();
    open(placeOf(link.href), panel.contains(link) ? null : link);
  }, true);
  addEventListener("popstate", ({ state }) => {
    depth = state?.depth || 0;
    if (leaving) { leaving = false; return; }
    if (state?.ty) show(state.ty, true); else if (isOpen()) { dismissed = true; hide(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && event.shiftKey && event.target.matches(".ty-cited, .ty-law-title")) {
      event.preventDefault(); // before an article of a long law there are hundreds of references
      get("close").focus();
    }
    if (event.key !== "Escape" || !isOpen() || document.querySelector(":popover-open")) return;
    if (event.target === get("query") && event.target.value) { event.target.value = ""; search(0, true); return; }
    close();
  });
  wide.addEventListener("change", fit);
  document.addEventListener("tiaoyin:lang", () => {
    label();
    const place = { doc, at };
    doc = null;
    if (place.doc && isOpen()) show(place, false);
  });
  // On a wide screen the law stands open at the first citation of an answer, unless the reader closed it.
  document.addEventListener("tiaoyin:redrawn", ({ detail: turn }) => {
    const turns = document.querySelectorAll(".ty-turn").length, key = turn && `${turns} ${turn.firstElementChild.textContent}`;
    const first = turn?.querySelector("a.ty-cite");
    if (!turn) { dismissed = false; shownFor = null; }
    else if (wide.matches && !dismissed) document.body.classList.add("ty-reading"); // the answer need not move later
    if (!first || key === shownFor) return;
    shownFor = key;
    if (tiaoyin.restored && placeOf(location.href)) return; // what was being read before a reload
    if (wide.matches && !dismissed) show(placeOf(first.href), false);
  });
  ready(() => {
    build();
    depth = history.state?.depth || 0;
    const place = placeOf(location.href);
    if (place) show(place, false);
  });
})(window.tiaoyin);
