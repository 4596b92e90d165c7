// Takes words and numbers off the text of a procfs file, without allocation. Any thread; owned by the
// caller's stack.
#pragma once
#include <charconv>
#include <cstdint>
#include <string_view>

namespace nvpulse {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool AtEnd() const { return at_ == end_; }

  /// The next word of this line, '' where the line has no more.
  std::string_view Word() {
    SkipBlanks();
    const char* start = at_;
    while (at_ != end_ && !IsBlank(*at_) && *at_ != '\n') ++at_;
    return {start, static_cast<size_t>(at_ - start)};
  }

  /// The number at the start of the next word; false, and nothing taken, where there is none.
  bool Number(uint64_t* value) {
    SkipBlanks();
    std::from_chars_result result = std::from_chars(at_, end_, *value);
    if (result.ec != std::errc()) return false;
    at_ = result.ptr;
    return true;
  }

  /// The number with two decimals (as in loadavg) at the start of the next word; false where there is none.
  bool Decimal(double* value) {
    uint64_t whole = 0, hundredths = 0;
    if (!Number(&whole) || AtEnd() || *at_++ != '.' || !Number(&hundredths)) return false;
    *value = static_cast<double>(whole) + static_cast<double>(hundredths) / 100;
    return true;
  }

  /// The next `count` numbers; false where the line has fewer.
  bool Numbers(uint64_t* values, int count) {
    for (int i = 0; i < count; i++) {
      if (!Number(&values[i])) return false;
    }
    return true;
  }

  /// What is left of this line up to `mark`, which is taken too; '' and nothing taken where it doesn't come.
  std::string_view Until(char mark) {
    SkipBlanks();
    for (const char* p = at_; p != end_ && *p != '\n'; ++p) {
      if (*p != mark) continue;
      std::string_view found(at_, static_cast<size_t>(p - at_));
      at_ = p + 1;
      return found;
    }
    return {};
  }

  void NextLine() {
    std::string_view rest(at_, static_cast<size_t>(end_ - at_));
    size_t newline = rest.find('\n');
    at_ = newline == std::string_view::npos ? end_ : at_ + newline + 1;
  }

 private:
  static bool IsBlank(char c) { return c == ' ' || c == '\t'; }
  void SkipBlanks() {
    while (at_ != end_ && IsBlank(*at_)) ++at_;
  }

  const char* at_;
  const char* end_;
};

}  // namespace nvpulse
