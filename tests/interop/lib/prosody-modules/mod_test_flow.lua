-- SPDX-License-Identifier: Apache-2.0
-- Sends numbered messages at a rate once a file says so, and notes each one that comes, with the time.
local st = require "util.stanza";
local timer = require "util.timer";
local now = require "util.time".now;

local order_file = module:get_option_string("test_flow_order");      -- "COUNT RATE": how many, how many a second
local note_file = module:get_option_string("test_flow_notes");
local from = module:get_option_string("test_flow_from");
local to = module:get_option_string("test_flow_to");

local notes = assert(io.open(note_file, "a"));
notes:setvbuf("line");

local function note(...)
	notes:write(table.concat({ ... }, " "), "\n");
end

local padding = ("x"):rep(100);
local count, rate, begun, sent = 0, 0, 0, 0;

local function send_some()
	local due = math.min(count, math.floor((now() - begun) * rate) + 1);
	while sent < due do
		sent = sent + 1;
		note("sent", sent, ("%.4f"):format(now()));
		module:send(st.message({ id = "n" .. sent, type = "chat", from = from, to = to }, padding));
	end
	return sent < count and 0.01 or nil;
end

timer.add_task(0.1, function ()
	local file = io.open(order_file);
	if file then
		count, rate = file:read("*n", "*n");
		file:close();
		os.remove(order_file);
		if count and rate then
			begun, sent = now(), 0;
			timer.add_task(0, send_some);
		end
	end
	return 0.1;
end);

local function take(event)
	local stanza = event.stanza;
	local number = (stanza.attr.id or ""):match("^n(%d+)$");
	if not number then
		return;
	end
	if stanza.attr.type == "error" then
		local _, condition = stanza:get_error();
		note("error", number, ("%.4f"):format(now()), condition or "none");
	else
		note("got", number, ("%.4f"):format(now()), stanza:get_child("delay", "urn:xmpp:delay") and "delayed" or "");
	end
	return true;
end

module:hook("message/bare", take, 1000);
module:hook("message/full", take, 1000);
