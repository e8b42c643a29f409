-- Which links may cross: those to hosts that are named, and no others, also where a link is written so that machines overlook it
-- (hxxp://, example[.]com, full-width letters, zero-width characters, a user name that looks like a host).
--
--   filters:
--     links:
--       script: /usr/share/trunkd/filters/links.lua
--       settings:
--         hosts: [example.org, "*.example.org"]      # where links may lead; none: no links at all
--         schemes: [https, xmpp]                     # of them; default: http and https
--         bare: allow                                # words that look like host names without a scheme; default: as other links
--         addresses: allow                           # name@host in the text; default: allow
--         action: reject                             # reject | drop | strip: links give way to [link removed]
--         text: "Links may not cross."
--   rules:
--     - {name: links, to: outside, kind: message, filter: links}

local settings = trunk.settings

local function first(name, otherwise)
	local list = settings[name]
	return list and list[1] or otherwise
end

local function set_of(list)
	local set = {}
	for _, item in ipairs(list) do
		set[item] = true
	end
	return set
end

local hosts = settings.hosts or {}
local schemes = set_of(settings.schemes or {"http", "https"})
local bare = first("bare", "check")
local addresses = first("addresses", "allow")
local action = first("action", "reject")
local text = first("text", "A link in it may not cross.")
assert(action == "reject" or action == "drop" or action == "strip", "settings: action is reject, drop or strip")
assert(bare == "check" or bare == "allow", "settings: bare is check or allow")
assert(addresses == "check" or addresses == "allow", "settings: addresses is check or allow")

local function host_is_allowed(host)
	for _, pattern in ipairs(hosts) do
		if trunk.fits(host, pattern) then
			return true
		end
	end
	return false
end

local function is_allowed(link)
	if link.is_address then
		return addresses == "allow" or host_is_allowed(link.host)
	end
	if link.scheme then
		return schemes[link.scheme:lower()] and (not link.host or host_is_allowed(link.host))
	end
	return bare == "allow" or host_is_allowed(link.host)
end

local function has_bad_link(part)
	for _, link in ipairs(trunk.links(part)) do
		if not is_allowed(link) then
			return true
		end
	end
	return false
end

-- Words between blanks, each looked at by itself.
local function without_links(part)
	return (part:gsub("%S+", function(word)
		return has_bad_link(word) and "[link removed]" or nil
	end))
end

function filter(stanza)
	local text_together, text_apart = stanza:text(), stanza:text(" ")
	local is_bad = has_bad_link(text_together) or (#text_apart > #text_together and has_bad_link(text_apart))
	if not is_bad and not has_bad_link(stanza:values()) then
		return "pass"
	elseif action == "drop" then
		return "drop"
	elseif action == "strip" and stanza.kind == "message" and stanza.body then
		-- What else could hold links goes with them.
		local remove = {}
		for _, payload in ipairs(stanza:payloads()) do
			if payload.name ~= "body" and (has_bad_link(payload:text()) or has_bad_link(payload:text(" ")) or has_bad_link(payload:values())) then
				remove[#remove + 1] = "{" .. payload.ns .. "}" .. payload.name
			end
		end
		local body = without_links(stanza.body)
		if not has_bad_link(body) then
			return "change", stanza:edit{remove = remove, body = body}
		end
	end
	return "reject", "policy-violation", text
end
