import { expect, test } from "vitest";
import { exceptionsOf } from "../src/no-proxy.ts";

test.each([
  ["corp.example", ["corp.example", "a.corp.example", "CORP.example."], ["mycorp.example", "corp.example.org"]],
  [".corp.example", ["corp.example", "a.b.corp.example"], ["mycorp.example"]],
  ["*.corp.example", ["a.corp.example"], ["corp.example"]],
  ["Corp.Example.", ["a.corp.example"], []],
  ["bücher.example", ["xn--bcher-kva.example"], []],
  ["my_host", ["my_host"], []],
  ["a.example:8080", ["a.example:8080", "b.a.example:8080"], ["a.example", "a.example:80"]],
  ["a.example:80", ["a.example"], ["a.example:8080"]],
  ["10.0.0.0/8", ["10.1.2.3", "10.255.0.1:8080", "[::ffff:10.0.0.1]"], ["11.0.0.1", "a10.example", "ten.example"]],
  ["10.1.2.3/8", ["10.9.9.9"], ["11.0.0.1"]],
  ["0.0.0.0/0", ["8.8.8.8"], ["a.example", "[2001:db8::1]"]],
  ["192.0.2.7", ["192.0.2.7:99"], ["192.0.2.8"]],
  ["192.0.2.7:80", ["192.0.2.7"], ["192.0.2.7:81"]],
  ["127.0.0.0/8", ["127.1", "127.3.3.3"], ["localhost"]],
  ["fd00::/8", ["[fd12:3456::1]", "[fd00::1]:8080"], ["[fe80::1]", "10.0.0.1"]],
  ["::/0", ["[fd12:3456::1]", "[::1]"], ["10.0.0.1", "a.example"]],
  ["::ffff:10.0.0.0/104", ["10.0.0.1", "[::ffff:10.0.0.1]"], ["11.0.0.1"]],
  ["[fd00::]/8", ["[fd12:3456::1]"], ["[fe80::1]"]],
  ["::1", ["[::1]", "[::1]:99"], ["[::2]", "localhost"]],
  ["[::1]", ["[0:0::1]"], ["[::2]"]],
  ["[::1]:8080", ["[::1]:8080"], ["[::1]"]],
  ["*", ["a.example", "[::1]", "10.0.0.1:99"], []],
  [" a.example ,\tb.example  c.example,,", ["a.example", "b.example", "c.example"], ["d.example"]],
  ["", [], ["a.example", "localhost"]],
])("%j bypasses the proxy", (text, past, through) => {
  const exceptions = exceptionsOf(text);
  expect(exceptions.malformed).toEqual([]);
  const hosts = [...past, ...through];
  expect(hosts.filter((host) => exceptions.has(new URL(`http://${host}/api`)))).toEqual(past);
});

test("the default https port matches an address without a port", () => {
  expect(exceptionsOf("a.example:443").has(new URL("https://a.example"))).toBe(true);
});

test.each([
  "10.0.0.0/33",
  "fd00::/129",
  "10.*",
  "169.254/16",
  "10",
  "<local>",
  "a.example/8",
  "a/b",
  "http://a.example",
  "user@a.example",
  "a.example:0",
  "a.example:99999",
  "a.example:",
  "10.0.0.0/8:80",
  "[::1",
  "[10.0.0.1]",
  "[a.example]",
  "a..example",
  "*a.example",
])("%s is none of the valid forms, and does not affect the others", (entry) => {
  const exceptions = exceptionsOf(`localhost, ${entry} 10.0.0.0/8`);
  expect(exceptions.malformed).toEqual([2]);
  expect(exceptions.has(new URL("http://10.1.1.1"))).toBe(true);
  expect(exceptions.has(new URL("http://b.example"))).toBe(false);
});
