// A table that is wider than the page scrolls: then it can be reached by the keyboard, too.
new MutationObserver(() => {
  for (const one of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) one.tabIndex = 0;
}).observe(document.body, { childList: true, subtree: true });
