-- Each Code that a reply holds is signed and spent by a later request; where none is left, another one is asked for.
local bit = require("bit")
local band, bor, bxor, bnot, rol = bit.band, bit.bor, bit.bxor, bit.bnot, bit.rol

local shifts, sines = {}, {}
for i = 0, 63 do
    shifts[i] = ({ { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } })[math.floor(i / 16) + 1][i % 4 + 1]
    sines[i] = bit.tobit(math.floor(math.abs(math.sin(i + 1)) * 4294967296))
end

-- MD5 (RFC 1321), of texts shorter than 2^29 bytes.
local function md5(text)
    local length = #text
    text = text .. "\128" .. ("\0"):rep((55 - length) % 64)
    local bits = length * 8
    for _ = 1, 8 do
        text = text .. string.char(bits % 256)
        bits = math.floor(bits / 256)
    end
    local a, b, c, d = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476
    for at = 1, #text, 64 do
        local words = {}
        for i = 0, 15 do
            local w, x, y, z = text:byte(at + 4 * i, at + 4 * i + 3)
            words[i] = bor(w, bit.lshift(x, 8), bit.lshift(y, 16), bit.lshift(z, 24))
        end
        local e, f, g, h = a, b, c, d
        for i = 0, 63 do
            local mix, word
            if i < 16 then
                mix, word = bor(band(f, g), band(bnot(f), h)), i
            elseif i < 32 then
                mix, word = bor(band(h, f), band(bnot(h), g)), (5 * i + 1) % 16
            elseif i < 48 then
                mix, word = bxor(f, g, h), (3 * i + 5) % 16
            else
                mix, word = bxor(g, bor(f, bnot(h))), (7 * i) % 16
            end
            mix = bit.tobit(mix + e + sines[i] + words[word])
            e, h, g, f = h, g, f, bit.tobit(f + rol(mix, shifts[i]))
        end
        a, b, c, d = bit.tobit(a + e), bit.tobit(b + f), bit.tobit(c + g), bit.tobit(d + h)
    end
    local digits = ""
    for _, word in ipairs({ a, b, c, d }) do
        digits = digits .. bit.tohex(bit.bswap(word))
    end
    return digits
end

local signed = md5("admin" .. md5("123456"))
local codes = {}
local ask = wrk.path
request = function()
    local code = table.remove(codes, 1)
    if not code then
        return wrk.format("GET", ask)
    end
    local body = '{"appId":"9dd99dd9e6df467a8207d05ea5581125","account":"admin","signature":"' .. md5(signed .. code) .. '"}'
    return wrk.format("POST", "/base/auth/v1.0/tokens", { ["content-type"] = "application/json" }, body)
end
response = function(status, headers, body)
    local code = body:match('"data":"(%x+)"')
    if code then
        table.insert(codes, code)
    end
end
