/// How the report looks: readable on paper, in the dark, and on a phone. It refers to nothing outside.
enum ReportStyle {
    static let text: StaticString = """
        :root {
          color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --ink: #1b1f24; --quiet: #59636e; --line: #d6dbe1; --rail: #eceff3;
          --good: #116b32; --good-back: #e3f5e9; --bad: #b3261e; --bad-back: #fdeceb; --doubt: #7a4d00; --doubt-back: #fff3d9;
          --till: #59636e; --state: #8a94a0; --journal: #7a5af0; --backend: #0a6ebd; --stripe: #0b8577; --reader: #b4570a; --issuer: #b02a6f;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #14171b; --card: #1d2127; --ink: #e8eaed; --quiet: #a3acb6; --line: #363c45; --rail: #2a3038;
            --good: #7ddb9b; --good-back: #16321f; --bad: #ff9d94; --bad-back: #42191a; --doubt: #f2c569; --doubt-back: #3a2c0c;
            --till: #a3acb6; --state: #7f8a96; --journal: #a993ff; --backend: #6fb8f5; --stripe: #4fd1c0; --reader: #f0a35c; --issuer: #f288b8;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 56rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.5rem; line-height: 1.2; margin: .5rem 0; }
        h2 { font-size: 1.2rem; margin: 2rem 0 .75rem; }
        h3 { font-size: 1rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        p { margin: .25rem 0; overflow-wrap: anywhere; }
        ul { margin: .25rem 0; padding-left: 1.25rem; }
        .quiet { color: var(--quiet); font-size: .9rem; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: 0 0 .75rem; }
        .banner { font-weight: 600; }
        .good { color: var(--good); } .bad { color: var(--bad); } .doubt { color: var(--doubt); }
        .card.good, .card.bad, .card.doubt { color: var(--ink); border-left: .35rem solid; }
        .card.good { border-left-color: var(--good); background: var(--good-back); }
        .card.bad { border-left-color: var(--bad); background: var(--bad-back); }
        .card.doubt { border-left-color: var(--doubt); background: var(--doubt-back); }
        .card.good .banner { color: var(--good); } .card.bad .banner, .card.bad h3 { color: var(--bad); }
        .card.doubt .banner, .card.doubt h3 { color: var(--doubt); }
        .tag { display: inline-block; font-size: .8rem; font-weight: 600; border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; margin-right: .4rem; }
        .todo { margin-top: .4rem; }
        .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); gap: .75rem; }
        .grid > .card { margin: 0; }
        dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .1rem 1rem; margin: .5rem 0 0; }
        dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .92rem; }
        th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { color: var(--quiet); font-weight: 600; white-space: nowrap; } td.number, th.number { text-align: right; white-space: nowrap; }
        details { margin: .5rem 0; } summary { cursor: pointer; padding: .35rem 0; }
        svg.timeline { display: block; margin: .75rem 0 .25rem; font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow: hidden; }
        svg + dl, svg + p { margin-top: .75rem; }
        svg text { fill: var(--ink); stroke: var(--card); stroke-width: 3px; paint-order: stroke; }
        svg .party { font-weight: 600; } svg .name { fill: var(--ink); } svg .name.fault { fill: var(--bad); font-weight: 600; }
        svg .lasted, svg .axis { fill: var(--quiet); font-variant-numeric: tabular-nums; } svg .axis { font-size: 12px; }
        svg .mark { stroke: var(--line); stroke-width: 1; } svg .rail { fill: var(--rail); } svg .hatch { stroke: var(--line); stroke-width: 2; }
        svg .till { fill: var(--till); } svg .state { fill: var(--state); } svg .journal { fill: var(--journal); }
        svg .backend { fill: var(--backend); } svg .stripe { fill: var(--stripe); } svg .reader { fill: var(--reader); }
        svg .issuer { fill: var(--issuer); } svg .bar.fault { fill: var(--bad); }
        footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: .75rem; }
        @media (max-width: 30rem) { main { padding: .75rem; } dl { grid-template-columns: minmax(5rem, max-content) 1fr; column-gap: .6rem; } }
        @media print { body { background: none; } .card { break-inside: avoid; } details > * { display: block; } }
        """
}
