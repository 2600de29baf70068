(function () {
  var $ = function (id) { return document.getElementById(id); };
  var panel = $('panel'), title = $('panel-title'), body = $('panel-body'), from = null;
  var cells = [].slice.call(document.querySelectorAll('a.cell[href^="#"]'));

  function show(cell, focus) {
    var detail = $(cell.getAttribute('href').slice(1));
    if (!detail) return;
    if (from) from.removeAttribute('aria-expanded');
    from = cell;
    cell.setAttribute('aria-expanded', 'true');
    title.textContent = detail.parentNode.querySelector('summary').textContent;
    body.replaceChildren.apply(body, [].map.call(detail.childNodes, function (n) { return n.cloneNode(true); }));
    panel.hidden = false;
    panel.scrollTop = 0;
    document.body.classList.add('open');
    history.replaceState(null, '', cell.getAttribute('href'));
    if (focus) title.focus({ preventScroll: true });
  }

  function hide() {
    if (panel.hidden) return;
    panel.hidden = true;
    document.body.classList.remove('open');
    history.replaceState(null, '', location.pathname + location.search);
    from.removeAttribute('aria-expanded');
    from.focus();
  }

  function step(k) {
    show(cells[(cells.indexOf(from) + k + cells.length) % cells.length], true);
    from.scrollIntoView({ block: 'nearest' });
  }

  // a link to a cell, from another page or from the address bar, opens the panel and shows the cell in its table
  function follow() {
    var cell = cells.filter(function (a) { return a.getAttribute('href') === location.hash; })[0];
    if (!cell) return;
    $(location.hash.slice(1)).parentNode.open = false;
    show(cell, true);
    cell.scrollIntoView({ block: 'center' });
  }

  cells.forEach(function (a) {
    a.addEventListener('click', function (e) {
      if (e.metaKey || e.ctrlKey || e.shiftKey) return;
      e.preventDefault();
      show(a, true);
    });
  });
  $('panel-close').addEventListener('click', hide);
  $('panel-prev').addEventListener('click', function () { step(-1); });
  $('panel-next').addEventListener('click', function () { step(1); });
  body.addEventListener('click', function (e) { if (e.target.closest('a[href^="#f-"]')) hide(); }); // it would cover the figure
  document.addEventListener('keydown', function (e) { if (e.key === 'Escape') hide(); });
  addEventListener('hashchange', follow);
  addEventListener('load', follow);

  var brief = $('brief');
  if (brief) {
    brief.hidden = false;
    brief.addEventListener('click', function () { document.body.classList.add('brief'); print(); });
    addEventListener('afterprint', function () { document.body.classList.remove('brief'); });
  }
})();
