// Citation links: one click listener in the capture phase (Enter on a focused link arrives as a click too) opens the
// cited clause, scrolls to it and puts the focus there. A streamed message is drawn anew with every sentence: what a
// reader unfolded then stays unfolded, and the keyboard stays where it was. Nothing is fetched.
() => {
  const opened = new Set();
  let held = null; // selector of the link or clause that has the focus
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href^="#src-"]');
    const source = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!source) return;
    // Without this the page's own router would act on the link, and the address would collect fragments.
    event.preventDefault();
    event.stopPropagation();
    source.open = true;
    source.querySelector("summary").focus({ preventScroll: true });
    source.querySelector("mark").scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  }, true);

  document.addEventListener("toggle", ({ target: { id, open, isConnected } }) => {
    if (!isConnected || !id?.startsWith("src-")) return;
    if (open) opened.add(id); else opened.delete(id);
  }, true);

  document.addEventListener("pointerdown", () => { held = null; }, true);
  document.addEventListener("focusin", ({ target }) => {
    const link = target.closest('a[href^="#src-"]'), source = target.closest('details[id^="src-"]');
    held = link ? `a[href="${link.getAttribute("href")}"]` : source ? `#${source.id} > summary` : null;
  }, true);

  new MutationObserver(() => {
    for (const id of opened) {
      const source = document.getElementById(id);
      if (!source) opened.delete(id);
      else if (!source.open) source.open = true;
    }
    if (held && document.activeElement === document.body) document.querySelector(held)?.focus({ preventScroll: true });
  }).observe(document.body, { childList: true, subtree: true });
}
