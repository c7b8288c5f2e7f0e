// What the Evaluate tab does in the browser: a question set is read here, so that no file is left on the server, and the
// report and the marks are downloads made of what the page holds already.
((tiaoyin) => {
  // The name of the chosen file, also after the words around it were written anew in another language.
  function picked() {
    const set = document.querySelector(".ty-set"), file = set?.querySelector("input").files[0], place = set?.querySelector(".ty-picked");
    if (file && place.textContent !== file.name) place.textContent = file.name;
  }
  document.addEventListener("change", ({ target }) => { if (target.matches?.(".ty-set input")) picked(); });
  tiaoyin.ready(() => new MutationObserver(picked).observe(document.body, { childList: true, subtree: true, characterData: true }));
})(window.tiaoyin);
Object.assign(window.tiaoyin, {
  async questions() { // the file chosen, in base 64, and its name
    const input = document.querySelector(".ty-set input"), file = input?.checkVisibility() && input.files[0];
    if (!file) return ["", ""];
    const reader = new FileReader(), most = input.dataset.mb * 2 ** 20 + 1;
    const url = await new Promise((done) => { reader.onload = () => done(reader.result); reader.readAsDataURL(file.slice(0, most)); });
    return [url.slice(url.indexOf(",") + 1), file.name];
  },
  async report() { tiaoyin.download(await (await fetch(document.querySelector(".ty-report").src)).blob(), "report.html"); },
  marks(text) { if (text) tiaoyin.download(new Blob([text], { type: "application/jsonl" }), "feedback.jsonl"); },
});
