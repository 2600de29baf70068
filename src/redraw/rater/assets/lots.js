// The questions of a rater in order, drawn by lot: the same whenever the page is opened again.
var redrawSequence = (function () {
  function lots(text) {
    var h = 2166136261;
    for (var i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return function () { // mulberry32
      h = (h + 0x6D2B79F5) | 0;
      var t = Math.imul(h ^ (h >>> 15), 1 | h);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  function shuffled(list, lot) {
    var out = list.slice();
    for (var i = out.length - 1; i > 0; i--) {
      var j = Math.floor(lot() * (i + 1)), held = out[i];
      out[i] = out[j];
      out[j] = held;
    }
    return out;
  }

  // what comes twice comes in the first third and again in the last, so that nobody has it in mind
  return function (page, rater) {
    var lot = lots(rater + ' ' + page.items), turn = Math.floor(lot() * 97);
    var again = page.list.filter(function (i) { return i.again; });
    var once = shuffled(page.list.filter(function (i) { return !i.again; }), lot);
    var third = Math.ceil(once.length / 3);
    function question(showing) {
      return function (item) {
        var n = item.panels.length, shown = [];
        for (var k = 0; k < n; k++) shown.push((k + turn + showing) % n);
        return { item: item.id, showing: showing, shown: shown };
      };
    }
    var first = shuffled(again.concat(once.slice(0, third)), lot), last = shuffled(again.map(question(1)).concat(
      once.slice(2 * third).map(question(0))), lot);
    return first.concat(once.slice(third, 2 * third)).map(question(0)).concat(last);
  };
})();
