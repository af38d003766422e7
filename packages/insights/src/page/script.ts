/**
 * The page's only script: the same in every report, so that a policy can name its hash. The page is readable without
 * it.
 */
export const script = `"use strict";(()=>{
const $=(q,of=document)=>[...of.querySelectorAll(q)];
document.documentElement.classList.add("js");
const make=(name,text,more={})=>Object.assign(document.createElement(name),{textContent:text,...more});
for(const table of $("table.rows")){const heads=$("thead th",table);heads.forEach((head,at)=>{
const button=make("button",head.textContent,{type:"button"});head.replaceChildren(button);
button.addEventListener("click",()=>{const down=head.getAttribute("aria-sort")!=="descending";
for(const each of heads)each.removeAttribute("aria-sort");head.setAttribute("aria-sort",down?"descending":"ascending");
const value=row=>{const cell=row.cells[at],own=cell.dataset.v;return own===undefined?cell.textContent:Number(own)};
const body=table.tBodies[0];const rows=[...body.rows].sort((a,b)=>{const x=value(a),y=value(b);return typeof x==="number"&&typeof y==="number"?x-y:String(x).localeCompare(String(y),"en",{numeric:true})});
if(down)rows.reverse();body.append(...rows)})})}
const filter=document.querySelector(".filter");
filter.addEventListener("input",()=>{const wanted=filter.value.trim().toLowerCase();
for(const row of $("table.rows tbody tr,.findings li"))row.hidden=wanted!==""&&!row.textContent.toLowerCase().includes(wanted)});
const read=async()=>{const text=atob(document.getElementById("dagsync-data").textContent);
const bytes=Uint8Array.from(text,c=>c.charCodeAt(0));
return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json()};
let data;const column=(question,name)=>{const c=question.columns[name];return Array.isArray(c)?c:c.at.map(i=>c.of[i])};
const show=async(name)=>{data??=read();const days=(await data).questions.job_days;const dialog=make("dialog","");
const close=make("button","Close",{type:"button",autofocus:true});close.addEventListener("click",()=>dialog.close());
const title=make("h3",name);title.id="dialog-title";dialog.setAttribute("aria-labelledby","dialog-title");dialog.append(title);
if(days){const[names,dates,good,bad,mean]=["name","day","succeeded","failed","mean"].map(n=>column(days,n));
const table=make("table","");const head=make("tr","");for(const text of["day","succeeded","failed","mean duration (s)"])head.append(make("th",text,{scope:"col"}));
const top=make("thead","");top.append(head);const body=make("tbody","");
names.forEach((each,at)=>{if(each!==name)return;const row=make("tr","");row.append(make("th",dates[at],{scope:"row"}));
for(const value of[good[at],bad[at],mean[at]??"–"])row.append(make("td",value));body.prepend(row)});
table.append(top,body);const wrap=make("div","",{className:"scroll",tabIndex:0});wrap.append(body.rows.length?table:make("p","No run ended in the window."));dialog.append(wrap)}
dialog.append(close);document.body.append(dialog);dialog.addEventListener("close",()=>dialog.remove());dialog.showModal()};
for(const pre of $("[data-sql]"))pre.closest("details").addEventListener("toggle",async()=>{data??=read();
const{sql,values}=(await data).questions[pre.dataset.sql];pre.textContent=sql.trim()+values.map((v,i)=>"\\n-- $"+(i+1)+": "+JSON.stringify(v)).join("")},{once:true});
for(const cell of $("[data-open]")){const button=make("button",cell.textContent,{type:"button",className:"open"});
button.addEventListener("click",()=>show(cell.dataset.open));cell.replaceChildren(button)}
})();`;
