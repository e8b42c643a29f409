-- A list of words that may not cross, found however they are written: in capitals, with accents, with zero-width characters between
-- the letters, with letters of other alphabets that look alike, across markup, in attributes.
--
--   filters:
--     words:
--       script: /usr/share/trunkd/filters/words.lua
--       settings:
--         words: [orchid, "north gate"]      # whole words, or several in a row
--         anywhere: [tsk-]                   # also inside of longer words
--         disguised: [orchid]                # also as 0rch1d and as o.r.c.h-i d
--         condition: policy-violation        # of the error, if not this one
--         text: "This word stays here."      # of the error
--         action: reject                     # or drop
--   rules:
--     - {name: words, from: internal, to: outside, filter: words}
--
-- The word that was found is not told to the sender; it is in the log as many times a minute as a script may log.

local settings = trunk.settings

local function first(name, otherwise)
	local list = settings[name]
	return list and list[1] or otherwise
end

local lists = {}

local function add(name, options)
	if settings[name] then
		lists[#lists + 1] = trunk.words(settings[name], options)
	end
end

add("words", {whole = true})
add("anywhere", {whole = false})
add("disguised", {whole = true, leet = true})
add("disguised", {squeeze = true})
add("disguised", {squeeze = true, leet = true})
assert(#lists > 0, "settings: give words, anywhere or disguised a list")

local action = first("action", "reject")
local condition = first("condition", "policy-violation")
local text = first("text", "A word in it may not cross.")
assert(action == "reject" or action == "drop", "settings: action is reject or drop")

function filter(stanza)
	for _, list in ipairs(lists) do
		local word = stanza:find(list)
		if word then
			trunk.log("found \"" .. word .. "\" in " .. stanza.kind .. " " .. (stanza.id or "without id"))
			if action == "drop" then
				return "drop"
			end
			return "reject", condition, text
		end
	end
	return "pass"
end
