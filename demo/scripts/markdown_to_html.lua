-- One markdown document to HTML, with lua-markdown.
-- Arguments: where modules are, the document. Returns: what the HTML holds, the HTML.
local search_path, document = ...
package.path = search_path
local markdown = require("lua51")("markdown")
local List = require("pl.List")

local html = markdown(document)

-- Every element that was opened is closed, by its name. An unclosed one is listed.
local opened = {}
for slash, name in html:gmatch("<(/?)(%a%w*)[^<>]*>") do
    opened[name] = (opened[name] or 0) + (slash == "" and 1 or -1)
end
local unbalanced = List()
for _, name in ipairs({ "h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "pre", "code", "em" }) do
    if (opened[name] or 0) ~= 0 then
        unbalanced:append(name)
    end
end

local _, headings = html:gsub("<h[1-6]>", "")
local _, paragraphs = html:gsub("<p>", "")
return { headings = headings, paragraphs = paragraphs, unbalanced = unbalanced:join(" ") }, html
