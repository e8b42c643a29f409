-- SPDX-License-Identifier: Apache-2.0
-- Pings a domain once a file appears, and notes what came of it in another.
local st = require "util.stanza";
local timer = require "util.timer";
local new_id = require "util.id".medium;

local target = module:get_option_string("test_ping_target");
local begin_file = module:get_option_string("test_ping_begin");
local delay = module:get_option_number("test_ping_delay", 0);
local result_file = module:get_option_string("test_ping_results");

local function note(word)
	local file = assert(io.open(result_file, "a"));
	file:write(module.host, " ", word, "\n");
	file:close();
end

local function ping()
	local iq = st.iq({ type = "get", id = new_id(), from = module.host, to = target }):tag("ping", { xmlns = "urn:xmpp:ping" });
	module:send_iq(iq, nil, 3600):next(function () note("answered"); end, function (err) note(tostring(err.condition)); end);
end

timer.add_task(0.2, function ()
	local file = io.open(begin_file);
	if not file then
		return 0.2;
	end
	file:close();
	timer.add_task(delay, ping);
end);
