"""How the page looks: readable on a phone, in the dark, on paper, and without seeing colours.

Each colour is told by a word as well, and stands out from its ground by 4.5 to 1 (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

LIGHT = {
    "ground": "#f6f7f9",
    "card": "#ffffff",
    "text": "#1a1f26",
    "soft": "#555f6b",
    "rule": "#dde1e6",
    "link": "#0b57c2",
    "on": "#ffffff",
    "pass": "#13713a",
    "fail": "#b3261e",
    "error": "#7b3bbd",
    "open": "#8a5300",
    "waived": "#0b5a94",
    "go": "#13713a",
    "no-go": "#b3261e",
    "inconclusive": "#8a5300",
}
DARK = {
    "ground": "#0e1116",
    "card": "#171b22",
    "text": "#e4e8ee",
    "soft": "#9aa5b3",
    "rule": "#2c333d",
    "link": "#7ab7ff",
    "on": "#0e1116",
    "pass": "#4cc274",
    "fail": "#ff8379",
    "error": "#cf9dff",
    "open": "#f0b349",
    "waived": "#6db8f2",
    "go": "#0e5a2d",
    "no-go": "#8f1f19",
    "inconclusive": "#6d4300",
}


def _variables(palette: dict[str, str]) -> str:
    return "".join(f"--{name}:{color};" for name, color in palette.items())


_RULES = """
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
header>div,main,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{color:#fff;padding:1.5rem 0 1.25rem}
header.go{background:var(--go)}header.no-go{background:var(--no-go)}header.inconclusive{background:var(--inconclusive)}
h1{margin:0;font-size:1.5rem;line-height:1.25;font-weight:600}
.heard{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.decision{display:block;font-size:3rem;line-height:1.1;font-weight:800;letter-spacing:.01em}
.why{list-style:none;margin:1rem 0 0;padding:0}
.more summary{display:list-item;margin:.5rem 0 0 1rem;padding:0;list-style:disclosure-closed}
.more[open] summary{list-style-type:disclosure-open}
.why li{margin:.2rem 0}
.deep1{padding-left:1.25rem}.deep2{padding-left:2.5rem}.deep3{padding-left:3.75rem}.deep4{padding-left:5rem}
h2{font-size:1.15rem;margin:1.75rem 0 .5rem}
.description{margin:1.25rem 0 0}
.about{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.75rem 2rem;margin:1.25rem 0 0}
dt{color:var(--soft);font-size:.8125rem}
dd{margin:0}
a{color:var(--link)}
.axis,summary{display:grid;grid-template-columns:7.75rem minmax(0,1fr) 14rem 4.5rem;gap:0 .9rem}
.axis{color:var(--soft);font-size:.75rem;padding:0 .9rem .25rem}
.axis>span{grid-column:2;text-align:right}
.axis>div{display:flex;justify-content:space-between}
.items{list-style:none;margin:0;padding:0}
main>.items>li{background:var(--card);border:1px solid var(--rule);border-radius:.5rem;margin:0 0 .75rem;
overflow:hidden}
.items .items{border-top:1px solid var(--rule)}
.items .items>li+li{border-top:1px solid var(--rule)}
summary{padding:.55rem .9rem;cursor:pointer;align-items:start;list-style:none}
summary::-webkit-details-marker{display:none}
summary:hover{background:color-mix(in srgb,var(--text) 5%,transparent)}
summary:focus-visible{outline:3px solid var(--link);outline-offset:-3px}
.said{min-width:0}
.name{font:inherit;margin:0;display:inline}
.section>summary .name{font-weight:650}
.name::before{content:"\\25b8";display:inline-block;width:1.1em;margin-left:-1.1em;color:var(--soft)}
details[open]>summary .name::before{content:"\\25be"}
.said{padding-left:1.1rem}
.items .items summary .said{padding-left:2.2rem}
.items .items .items summary .said{padding-left:3.3rem}
.items .items .items .items summary .said{padding-left:4.4rem}
.note{color:var(--soft);font-size:.875rem;margin-left:.6rem}
.remark{display:block;font-size:.9rem;color:var(--soft)}
.took{color:var(--soft);font-size:.875rem;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.pill{justify-self:start;font-size:.75rem;font-weight:700;letter-spacing:.03em;text-transform:uppercase;
padding:.12rem .5rem;border-radius:1rem;border:1.5px solid var(--tone);color:var(--tone);margin-top:.1rem}
.pill.fail,.pill.error,.pill.pending,.pill.inconclusive{background:var(--tone);color:var(--on)}
.pill.light{background:none;color:var(--tone);border-style:dashed}
.pass{--tone:var(--pass)}.fail{--tone:var(--fail)}.error{--tone:var(--error)}
.blocked,.pending,.inconclusive{--tone:var(--open)}.waived{--tone:var(--waived)}.skipped{--tone:var(--soft)}
.pill.pass,.pill.skipped{border-color:transparent;padding-left:0}
.said>.warned{color:var(--open)}
.fail~.said>.remark,.error~.said>.remark{color:var(--text)}
.bars{width:100%;height:.7rem;margin-top:.4rem;border-radius:2px;
background:color-mix(in srgb,var(--text) 6%,transparent)}
span.bars{background:none}
.bars rect{fill:var(--tone)}
.detail{padding:0 .9rem .5rem 10.65rem;font-size:.9375rem}
.items .items .detail{padding-left:11.75rem}
.items .items .items .detail{padding-left:12.85rem}
.items .items .items .items .detail{padding-left:13.95rem}
.detail>*{margin:.5rem 0 .9rem}
table{border-collapse:collapse;width:100%}
thead th{color:var(--soft);font-size:.8125rem;font-weight:400}
th,td{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0;border-bottom:1px solid var(--rule)}
tbody th,td{font:.875rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
tbody th{font-weight:400;width:30%}
.breached td:nth-child(2){color:var(--fail);font-weight:700}
.warned td:nth-child(2){color:var(--open);font-weight:700}
.attempts{list-style:none;padding:0}
.attempts li{padding:.2rem 0}
.attempts .bars{display:block;margin:.25rem 0}
.number{display:inline-block;min-width:2.2em;color:var(--soft);font-variant-numeric:tabular-nums}
.word{color:var(--tone);font-weight:700}
.when{color:var(--soft)}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.6rem 1.5rem}
.facts .runbook,.facts .waiver{grid-column:span 2}
dd a{overflow-wrap:break-word}
footer{color:var(--soft);font-size:.8125rem;padding-top:1rem;padding-bottom:2.5rem}
@media (max-width:45rem){
.axis{display:none}
summary{grid-template-columns:minmax(0,1fr) auto;gap:.15rem .75rem}
summary .said{grid-column:1/-1;grid-row:2}
summary>.bars{display:none}
.items .items summary,.items .items .detail{padding-left:1.6rem}
.items .items .items summary,.items .items .items .detail{padding-left:2.3rem}
.items summary .said,.items .items summary .said,.items .items .items summary .said,
.items .items .items .items summary .said{padding-left:1.1rem}
.detail{padding:.1rem .9rem .9rem}
.decision{font-size:2.5rem}
.about,.facts{grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.6rem 1rem}
.facts .runbook,.facts .waiver,.facts .proves{grid-column:1/-1}
thead{display:none}
tbody tr{display:block;padding:.35rem 0;border-bottom:1px solid var(--rule)}
tbody th,tbody td{display:block;border:0;padding:0;width:auto}
tbody td:not(:empty)::before{content:attr(data-label) " ";color:var(--soft);font:400 .8125rem system-ui,sans-serif}
}
@media print{
body{font-size:10pt;background:none}
main>.items>li{overflow:visible}
header{border-bottom:3px solid;padding-top:0}
header.go,header.no-go,header.inconclusive{background:none;color:var(--text)}
.axis,summary{grid-template-columns:7.25rem minmax(0,1fr) 8rem 3.5rem}
.pill.fail,.pill.error,.pill.pending,.pill.inconclusive{background:none;color:var(--tone)}
.detail{padding:0 .9rem .5rem 2rem}
.items .items .detail,.items .items .items .detail{padding-left:3.1rem}
.check>summary,h2{break-after:avoid}
summary,tr,.attempts li,.facts>div{break-inside:avoid}
details::details-content{content-visibility:visible;block-size:auto}
}
"""

CSS = (
    f":root{{color-scheme:light dark;{_variables(LIGHT)}}}"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}" + _RULES
)
"""All of it; the palettes are data, so that a test can hold their contrast."""
