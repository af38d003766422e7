/** The script of a served page. */

/**
 * Polls the page's own server, and reloads the page when a sync has ended. If the reader has opened details, filtered
 * or sorted, it shows a button instead. The same in every page, so that a policy can name its hash.
 */
export const liveScript = `"use strict";(()=>{
const line=document.getElementById("live");let said="";
const say=(text,bad,news)=>{if(said===text)return;said=text;line.className=bad?"worse":"soft";line.textContent=text;
if(bad)line.setAttribute("role","status");else line.removeAttribute("role");
if(!news)return;const button=document.createElement("button");button.type="button";button.className="open";
button.textContent="Show it";button.addEventListener("click",()=>location.reload());line.append(" ",button)};
const ago=ms=>{const s=Math.max(0,ms/1000);return s<60?"less than a minute ago":s<5400?Math.round(s/60)+" min ago":s<172800?Math.round(s/3600)+" h ago":Math.round(s/86400)+" days ago"};
const reads=()=>document.querySelector("dialog[open],details[open],[aria-sort]")||document.querySelector(".filter")?.value;
const look=async()=>{if(document.hidden)return;try{
const answer=await fetch("status.json",{cache:"no-store"});const{stamp,syncedAt,now,syncing,problem}=await answer.json();
if(stamp!==""&&stamp!==line.dataset.stamp){if(!reads())return location.reload();return say("New data is available.",false,true)}
const when=syncedAt===null?"":"Synced "+ago(Date.parse(now)-Date.parse(syncedAt))+(syncing?", and syncing now":"")+". ";
say(when+(problem===null?"":problem),problem!==null)}catch{say("The server is not responding. This is its last answer.",true)}};
look();setInterval(look,10000);document.addEventListener("visibilitychange",look)})();`;
