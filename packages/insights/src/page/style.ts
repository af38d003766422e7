/** The page's style: one text, whose hash the policy names. */
export const style = `
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1c2126;--soft:#57606a;--line:#e3e5e8;--accent:#1f5fbf;--bad:#bd2b1b;--good:#1f7a4a;--warn:#8a5a00;--p1:#8fb4ea;--p2:#c9d1db;--h1:#fbe3df;--h2:#f5b7ad;--h3:#e2766a;--h4:#bd2b1b;--on4:#fff}
@media (prefers-color-scheme:dark){:root{--bg:#101418;--card:#171c22;--ink:#e8eaed;--soft:#a3adb8;--line:#2b333c;--accent:#7fb0ff;--bad:#ff8675;--good:#55c28a;--warn:#f0b757;--p1:#3d6bab;--p2:#4a545f;--h1:#3a2422;--h2:#6b2f28;--h3:#a8463a;--h4:#ff8675;--on4:#101418}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header,footer{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:32px}
h1{font-size:24px;overflow-wrap:anywhere;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:13px;text-transform:uppercase;letter-spacing:.07em;color:var(--soft);margin:44px 0 12px;padding-bottom:6px;border-bottom:1px solid var(--line)}
h3{font-size:16px;margin:0 0 8px}
p{margin:0 0 8px}.soft,.nothing,footer{color:var(--soft);font-size:13px}
a{color:var(--accent)}
nav{margin:12px 0 0;display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px}
article{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px 18px;margin:0 0 14px}
.nothing{margin:0;padding:3px 0}.nothing b{font-weight:500;color:var(--ink)}
.stats{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px;margin:20px 0 0;padding:0}
.stats>div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.stats dt{font-size:13px;color:var(--soft)}.stats dd{margin:0}.stats .big{font-size:26px;font-weight:600;line-height:1.25;font-variant-numeric:tabular-nums}
.worse{color:var(--bad)}.better{color:var(--good)}.stats .change{font-size:13px}
ol.findings{list-style:none;padding:0;margin:0}
.findings li{background:var(--card);border:1px solid var(--line);border-left:4px solid var(--p2);border-radius:6px;padding:10px 14px;margin:0 0 8px}
.findings .s3{border-left-color:var(--bad)}.findings .s2{border-left-color:var(--warn)}
.findings b{font-size:16px}.curve{width:100%;height:auto}.curve .past{fill:none;stroke:var(--p2);stroke-width:1.5}.curve .area{fill:var(--p1)}.curve text{fill:var(--soft);font-size:11px}.tag{font-size:12px;font-weight:600;margin-right:8px}.s3 .tag{color:var(--bad)}.s2 .tag{color:var(--warn)}
.scroll{position:relative;overflow:auto;max-height:440px;margin:0 -18px;padding:0 18px}.rows thead>tr>*{position:sticky;top:0;background:var(--card);z-index:1}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12px;white-space:nowrap}
th,td{padding:5px 16px 5px 0;border-bottom:1px solid var(--line);vertical-align:middle}
tbody tr:last-child>*{border-bottom:0}
td{white-space:nowrap;max-width:420px;overflow:hidden;text-overflow:ellipsis}
.n{text-align:right}tbody th{color:var(--ink);font-size:13.5px;font-weight:500;max-width:340px;overflow:hidden;text-overflow:ellipsis}
th button,button.open{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer}
button.open{color:var(--accent);text-decoration:underline;text-underline-offset:2px;text-decoration-thickness:1px}
th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
details{margin-top:8px;font-size:13px}summary{cursor:pointer;color:var(--soft);width:max-content}
pre{overflow:auto;max-height:320px;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:10px;font:12px/1.45 ui-monospace,Menlo,Consolas,monospace;margin:6px 0}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
svg{display:block}.p0{fill:var(--accent)}.p1{fill:var(--p1)}.p2{fill:var(--p2)}.rail{fill:var(--line)}.mark{fill:var(--ink)}.good{fill:var(--good)}.bad{fill:var(--bad)}.other{fill:var(--p2)}.from{fill:var(--card);stroke:var(--soft);stroke-width:1.5}.link{stroke:var(--p2);stroke-width:2}.line{fill:none;stroke:var(--accent);stroke-width:1.5;stroke-linejoin:round}.dot{fill:var(--accent)}
.heat{width:auto}.heat th,.heat td{padding:2px;border:2px solid var(--card);text-align:center;font-size:11px}.heat tbody th{text-align:left;padding-right:12px;font-size:13px}.heat td{min-width:22px;height:22px}.heat tbody td{background:var(--line)}.heat tbody td.none{background:none}.heat td.h1{background:var(--h1)}.heat td.h2{background:var(--h2)}.heat td.h3{background:var(--h3)}.heat td.h4{background:var(--h4);color:var(--on4)}
.filter{display:none;margin-left:auto;font:inherit;font-size:13px;padding:4px 8px;border:1px solid var(--line);border-radius:6px;background:var(--card);color:var(--ink);width:200px}.js .filter{display:block}
dialog button{margin-top:12px;font:inherit;padding:4px 14px;border:1px solid var(--line);border-radius:6px;background:var(--bg);color:var(--ink);cursor:pointer}::placeholder{color:var(--soft);opacity:1}
dialog{border:1px solid var(--line);border-radius:10px;background:var(--card);color:var(--ink);max-width:min(760px,92vw);padding:20px}dialog::backdrop{background:#0007}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
footer{padding:28px 24px 48px}
@media (max-width:640px){main,header,footer{padding-left:14px;padding-right:14px}article{padding:14px}.scroll{margin:0 -14px;padding:0 14px}.stats{grid-template-columns:1fr 1fr}.stats .big{font-size:22px}.filter,.js .filter{margin-left:0;width:100%}tbody th{max-width:190px}}
@media print{:root{color-scheme:light;--bg:#fff}body{font-size:12px}main,header,footer{max-width:none;padding:0}nav,.filter,details,.screen{display:none!important}article{padding:0;border:0}.stats>div,.findings li,tr,svg{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible;max-height:none;margin:0;padding:0}.rows thead>tr>*{position:static}table{font-size:10px}.rows th,.rows td{font-size:10px;padding:3px 10px 3px 0;max-width:none;white-space:normal}.rows td:not(.n){overflow-wrap:anywhere}.rows tbody th{max-width:180px;white-space:nowrap}.stats{grid-template-columns:repeat(5,1fr)}.stats .big{font-size:20px}.rows td.n{white-space:nowrap}.heat td{print-color-adjust:exact}}
`;
