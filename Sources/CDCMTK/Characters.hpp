#pragma once

#include <cstddef>
#include <string>

// How the values of one text VR are divided, since each part begins in the first character set.
enum class Parts { whole, values, names };

// Text as UTF-8 in the character sets that Specific Character Set (0008,0005) names (PS3.3
// C.12.1.1.2); what cannot be decoded is U+FFFD. False where they say nothing of `bytes`: none is
// named, none that is known, or the default repertoire alone.
bool decodeText(
    const std::string &sets, Parts parts, const char *bytes, size_t length, std::string &text);
