(function () {
  var $ = function (id) { return document.getElementById(id); };
  var page = JSON.parse($('data').textContent);
  var sequence = redrawSequence, byId = {}, state = null, plan = [], picks = [], tied = false, since = 0;
  page.list.forEach(function (item) { byId[item.id] = item; });

  // --- what is kept -------------------------------------------------------------------------------------------------

  function place(rater) { return 'redraw-rank ' + page.items + ' ' + rater; }

  function stored(key) {
    try { return localStorage.getItem(key); } catch (e) { return null; }
  }

  function keep() {
    try {
      localStorage.setItem(place(state.rater), JSON.stringify(state));
      localStorage.setItem(place(''), state.rater);
    } catch (e) { $('hint').textContent = 'This browser keeps nothing: download now and then.'; }
  }

  // a file or what was stored; null where it is not of this page
  function read(text) {
    var value;
    try { value = JSON.parse(text); } catch (e) { return null; }
    var fits = value && value.format === page.format && value.items === page.items && Array.isArray(value.judgements) &&
      /^[a-z0-9][a-z0-9_-]{0,39}$/.test(value.rater) && /^[0-9a-f]{32}$/.test(value.token);
    if (!fits) return null;
    var asked = sequence(page, value.rater);
    var same = value.judgements.length <= asked.length && value.judgements.every(function (j, k) {
      return j.item === asked[k].item && j.showing === asked[k].showing && Array.isArray(j.order);
    });
    return same ? value : null;
  }

  function token() {
    return [].map.call(crypto.getRandomValues(new Uint8Array(16)), function (b) { return (256 + b).toString(16).slice(1); }).join('');
  }

  function download() {
    var link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(state, null, 1) + '\n'], { type: 'application/json' }));
    link.download = state.rater + '.json';
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
    say('Downloaded ' + link.download + '.');
  }

  // --- the page -----------------------------------------------------------------------------------------------------

  function say(text) { $('said').textContent = text; }

  function view(name) {
    ['start', 'ask', 'done'].forEach(function (id) { $(id).hidden = id !== name; });
    scrollTo(0, 0);
  }

  function begin(value) {
    state = value;
    plan = sequence(page, state.rater);
    keep();
    ask([]);
  }

  function ask(before) {
    picks = before;
    tied = false;
    since = performance.now();
    var k = state.judgements.length;
    if (k === plan.length) return finished();
    var question = plan[k], item = byId[question.item];
    $('caption').textContent = item.caption || 'Which pictures look most real?';
    $('caption').dir = item.caption ? 'auto' : 'ltr';
    $('progress').max = plan.length;
    $('progress').value = k;
    $('count').textContent = (k + 1) + ' of ' + plan.length;
    $('panels').replaceChildren.apply($('panels'), question.shown.map(function (slot, at) { return panel(item, slot, at); }));
    $('ask').dataset.item = question.item;
    draw();
    view('ask');
    $('caption').focus({ preventScroll: true });
  }

  function panel(item, slot, at) {
    var li = document.createElement('li'), button = document.createElement('button'), top = document.createElement('span');
    var named = document.createElement('span'), rank = document.createElement('span'), pictures = document.createElement('span');
    button.type = 'button';
    button.className = 'set';
    button.dataset.slot = slot;
    top.className = 'top';
    named.innerHTML = '<b></b> <kbd></kbd>';
    named.firstChild.textContent = String.fromCharCode(65 + at);
    named.lastChild.textContent = at + 1;
    rank.className = 'rank';
    pictures.className = item.panels[slot].length === 1 ? 'pictures one' : 'pictures';
    item.panels[slot].forEach(function (uri) {
      var img = document.createElement('img');
      img.src = uri;
      img.alt = '';
      pictures.append(img);
    });
    top.append(named, rank);
    button.append(top, pictures);
    button.addEventListener('click', function () { pick(at); });
    li.append(button);
    return li;
  }

  function ranks() { // place of each slot: ties share the first
    var found = {}, next = 1;
    picks.forEach(function (group) {
      group.forEach(function (slot) { found[slot] = (group.length > 1 ? '=' : '') + next; });
      next += group.length;
    });
    return found;
  }

  function draw() {
    var of = ranks(), all = [].slice.call($('panels').querySelectorAll('.set'));
    all.forEach(function (button, at) {
      var rank = of[button.dataset.slot];
      button.classList.toggle('picked', rank !== undefined);
      button.setAttribute('aria-pressed', rank !== undefined);
      button.querySelector('.rank').textContent = rank === undefined ? '' : rank;
      var count = button.querySelectorAll('img').length;
      button.setAttribute('aria-label', 'Set ' + String.fromCharCode(65 + at) + ', ' + count + (count === 1 ? ' picture' : ' pictures') +
        (rank === undefined ? ', not ranked' : ', rank ' + rank.replace('=', 'shared ')));
    });
    var n = Object.keys(of).length;
    $('next').disabled = n < all.length;
    $('same').disabled = !n || n === all.length;
    $('same').setAttribute('aria-pressed', tied);
    $('undo').disabled = !n && !state.judgements.length;
    $('hint').textContent = n === all.length ? 'All ranked.' : n ? 'Now the next best of the others.' : 'Pick the best first.';
  }

  function pick(at) {
    var buttons = $('panels').querySelectorAll('.set');
    if (!buttons[at]) return;
    var slot = Number(buttons[at].dataset.slot), letter = String.fromCharCode(65 + at);
    if (ranks()[slot] !== undefined) return say(letter + ' is ranked already. Undo takes the last pick back.');
    if (tied && picks.length) picks[picks.length - 1].push(slot);
    else picks.push([slot]);
    tied = false;
    draw();
    say(letter + ', rank ' + ranks()[slot].replace('=', 'shared ') + '. ' + $('hint').textContent);
  }

  function undo() {
    if (!$('ask').hidden && picks.length) {
      var group = picks[picks.length - 1];
      group.pop();
      if (!group.length) picks.pop();
      tied = false;
      draw();
      say('Taken back. ' + $('hint').textContent);
    } else if (state.judgements.length) {
      var last = state.judgements.pop();
      keep();
      ask(last.order.map(function (g) { return g.slice(); }));
      say('Back to question ' + (state.judgements.length + 1) + '.');
    }
  }

  function same() {
    if ($('same').disabled) return;
    tied = !tied;
    draw();
    say(tied ? 'The next pick shares the rank of the one before.' : 'The next pick has a rank of its own.');
  }

  function next() {
    if ($('next').disabled) return say($('hint').textContent);
    var asked = plan[state.judgements.length], spent = Math.round((performance.now() - since) / 100) / 10;
    state.judgements.push({ item: asked.item, showing: asked.showing, shown: asked.shown, order: picks, seconds: spent });
    keep();
    ask([]);
  }

  function finished() {
    $('send').hidden = location.protocol.indexOf('http') !== 0;
    $('total').textContent = state.judgements.length + ' questions answered.' +
      ($('send').hidden ? ' Download them, and give the file to whoever gave you this page.' : '');
    $('judgements').value = JSON.stringify(state);
    $('download').classList.toggle('main', $('send').hidden);
    view('done');
    $('done-title').focus({ preventScroll: true });
  }

  // --- what raters do -----------------------------------------------------------------------------------------------

  $('who').addEventListener('submit', function (e) {
    e.preventDefault();
    var rater = $('name').value, text = stored(place(rater));
    begin(read(text) || { format: page.format, column: page.column, items: page.items, rater: rater, token: token(),
      involved: $('involved').checked, judgements: [] });
  });
  $('file').addEventListener('change', function () {
    var file = $('file').files[0];
    if (!file) return;
    file.text().then(function (text) {
      var value = read(text);
      $('trouble').textContent = value ? '' : file.name + ' is not a file of this page.';
      if (value) begin(value);
    });
  });
  $('undo').addEventListener('click', undo);
  $('back').addEventListener('click', undo);
  $('same').addEventListener('click', same);
  $('next').addEventListener('click', next);
  $('save').addEventListener('click', download);
  $('download').addEventListener('click', download);
  document.addEventListener('keydown', function (e) {
    if (!state || !$('start').hidden || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || e.repeat) return;
    var asking = !$('ask').hidden, button = e.target.closest && e.target.closest('button');
    if (e.key === 'd') download();
    else if (e.key === 'u' || e.key === 'Backspace') undo();
    else if (asking && /^[1-9]$/.test(e.key)) pick(Number(e.key) - 1);
    else if (asking && e.key === '=') same();
    else if (asking && e.key === 'Enter' && !button) next();
    else return;
    e.preventDefault();
  });

  var last = stored(place('')), held = last && read(stored(place(last)));
  if (held) {
    $('name').value = last;
    $('begin').textContent = 'Go on as ' + last + ' (' + held.judgements.length + ' of ' + sequence(page, last).length + ')';
    $('involved').checked = held.involved;
    var sent = /^#sent-(\d+)$/.exec(location.hash);
    if (sent) {
      begin(held);
      $('sent').textContent = sent[1] + ' answers were sent and kept. You may close this page.';
      history.replaceState(null, '', location.pathname);
    }
    $(sent ? 'done-title' : 'begin').focus();
  }
})();
