// The grammar of NVPULSE_SIM_FAULTS: rules apart by ';', their items by ','.
#include "simulator/faults.h"

#include <charconv>
#include <cstdio>
#include <string_view>

namespace nvpulse::simulator {
namespace {

using Text = std::string_view;

Text Trim(Text text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/** Cuts off and returns what is before the separator. */
Text Next(Text* rest, char separator) {
  const size_t at = rest->find(separator);
  const Text head = rest->substr(0, at);
  rest->remove_prefix(at == Text::npos ? rest->size() : at + 1);
  return Trim(head);
}

bool ParseCount(Text text, uint64_t* value) {
  if (text.empty() || text.size() > 9) return false;
  *value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    *value = *value * 10 + static_cast<uint64_t>(digit - '0');
  }
  return true;
}

bool ParseWhole(Text text, uint64_t* value) {
  const std::from_chars_result result = std::from_chars(text.data(), text.data() + text.size(), *value);
  return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

/** 20ms, 1.5s, 2 (seconds), 250us, 1m, 1h. */
bool ParseDuration(Text text, uint64_t* ns) {
  const size_t unit_at = text.find_first_not_of("0123456789.");
  const Text unit = unit_at == Text::npos ? Text("s") : text.substr(unit_at);
  uint64_t scale = 0;
  if (unit == "us") scale = 1000;
  if (unit == "ms") scale = 1000000;
  if (unit == "s") scale = 1000000000;
  if (unit == "m") scale = 60000000000;
  if (unit == "h") scale = 3600000000000;
  Text number = text.substr(0, unit_at);
  uint64_t whole = 0;
  if (scale == 0 || !ParseCount(Next(&number, '.'), &whole)) return false;
  if (whole > 1000000) return false;
  *ns = whole * scale;
  for (uint64_t place = scale / 10; !number.empty(); place /= 10, number.remove_prefix(1)) {
    if (number.front() < '0' || number.front() > '9') return false;
    *ns += static_cast<uint64_t>(number.front() - '0') * place;
  }
  return true;
}

/** A call by name, with or without "nvml"; a '*' at its end takes all that begin so. */
bool ParseCalls(Text text, std::bitset<kCallCount>* calls) {
  if (text.substr(0, 4) == "nvml") text.remove_prefix(4);
  const bool prefix = !text.empty() && text.back() == '*';
  if (prefix) text.remove_suffix(1);
  for (size_t i = 0; i < kCallCount; i++) {
    const Text name = kCalls[i].name;
    if (prefix ? name.substr(0, text.size()) == text : name == text) calls->set(i);
  }
  return calls->any();
}

/** One rule in the making; each method returns what is wrong, or null. */
class Rule {
 public:
  explicit Rule(uint32_t device_count) : device_count_(device_count) {}

  const char* Take(Text item) {
    Text value = item;
    const Text key = Next(&value, '=');
    value = Trim(value);
    if (key == "call") return ParseCalls(value, &fault_.calls) ? nullptr : "no such call";
    if (key == "gpu") return TakeGpu(value);
    if (key == "error") return Act(Fault::Kind::kError, ParseNumber(value), "error takes a code from 1 to 999");
    if (key == "latency") return Act(Fault::Kind::kLatency, ParseDuration(value, &fault_.latency__ns), kDuration);
    if (key == "hang") return Act(Fault::Kind::kHang, value.empty(), "hang takes no value");
    if (key == "value") return Act(Fault::Kind::kValue, ParseWhole(value, &fault_.value), "value takes a whole number");
    if (key == "percent") return Act(Fault::Kind::kValue, ParseCount(value, &fault_.percent), "percent takes a whole number");
    if (key == "add") {
      fault_.percent = 100;
      return Act(Fault::Kind::kValue, ParseWhole(value, &fault_.value), "add takes a whole number");
    }
    if (key == "lost") return Act(Fault::Kind::kLost, value.empty(), "lost takes no value");
    if (key == "unplugged") return Act(Fault::Kind::kUnplugged, value.empty(), "unplugged takes no value");
    if (key == "missing") return TakeMissing(value);
    if (key == "reset_counter") return Act(Fault::Kind::kResetCounter, value.empty(), "reset_counter takes no value");
    if (key == "driver_reload") return Act(Fault::Kind::kDriverReload, value.empty(), "driver_reload takes no value");
    if (key == "from" || key == "at") return ParseDuration(value, &fault_.from__ns) ? nullptr : kDuration;
    if (key == "for") {
      has_for_ = true;
      return ParseDuration(value, &for__ns_) ? nullptr : kDuration;
    }
    return "allowed are call, gpu, error, latency, hang, value, percent, add, lost, unplugged, missing, reset_counter, "
           "driver_reload, from, at, for";
  }

  const char* Finish(Fault* fault) {
    if (actions_ != 1) return "a rule does one thing: error, latency, hang, value, percent, add, lost, unplugged, missing, reset_counter or driver_reload";
    const bool per_call = fault_.kind == Fault::Kind::kError || fault_.kind == Fault::Kind::kLatency ||
                          fault_.kind == Fault::Kind::kHang || fault_.kind == Fault::Kind::kValue;
    if (per_call && fault_.calls.none()) return "it needs call=NAME (call=* for every)";
    if (!per_call) fault_.calls.set();
    if (fault_.kind == Fault::Kind::kLost && fault_.gpu == kNoGpu) return "lost needs gpu=INDEX";
    if (fault_.kind == Fault::Kind::kUnplugged && fault_.gpu == kNoGpu) return "unplugged needs gpu=INDEX";
    if (fault_.kind == Fault::Kind::kDriverReload && !has_for_) for__ns_ = kReload__ns, has_for_ = true;
    if (has_for_) fault_.until__ns = fault_.from__ns + for__ns_;
    *fault = fault_;
    return nullptr;
  }

 private:
  static constexpr const char* kDuration = "a duration is like 250us, 20ms, 1.5s, 1m or 1h";
  static constexpr uint64_t kReload__ns = 1000000000;

  const char* Act(Fault::Kind kind, bool valid, const char* complaint) {
    fault_.kind = kind;
    actions_++;
    return valid ? nullptr : complaint;
  }

  const char* TakeMissing(Text name) {
    fault_.code = 13;
    return Act(Fault::Kind::kError, ParseCalls(name, &fault_.calls), "no such call");
  }

  const char* TakeGpu(Text text) {
    uint64_t index = 0;
    if (!ParseCount(text, &index) || index >= device_count_) return "the profile has no such gpu";
    fault_.gpu = static_cast<int32_t>(index);
    return nullptr;
  }

  bool ParseNumber(Text text) {
    uint64_t code = 0;
    if (!ParseCount(text, &code) || code < 1 || code > 999) return false;
    fault_.code = static_cast<int32_t>(code);
    return true;
  }

  Fault fault_;
  uint32_t device_count_;
  int actions_ = 0;
  bool has_for_ = false;
  uint64_t for__ns_ = 0;
};

}  // namespace

bool Faults::Parse(const char* text, uint32_t device_count, char* error, size_t error_size) {
  const auto fail = [&](Text what, const char* why) {
    std::snprintf(error, error_size, "NVPULSE_SIM_FAULTS: \"%.*s\": %s", static_cast<int>(what.size()), what.data(), why);
    return false;
  };
  for (Text rules = text; !rules.empty();) {
    const Text rule_text = Next(&rules, ';');
    if (rule_text.empty()) continue;
    if (count_ == kMaxFaults) return fail(rule_text, "more than 64 rules");
    Rule rule(device_count);
    for (Text items = rule_text; !items.empty();) {
      const Text item = Next(&items, ',');
      if (const char* why = rule.Take(item)) return fail(item, why);
    }
    if (const char* why = rule.Finish(&faults_[count_])) return fail(rule_text, why);
    count_++;
  }
  return true;
}

}  // namespace nvpulse::simulator
