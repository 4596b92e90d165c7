// The things that a file lists, told again from one reading to the next: new ones are made, missing ones
// forgotten. One thread; owned by its subject.
#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace nvpulse {

/// Kept in the order of the file, so that the next line's entry is nearly always the next entry.
template <class Key, class Data>
class Roster {
 public:
  /// The entry of `key`, made by `make()` if it wasn't there in the reading before.
  template <class AnyKey, class Make>
  Data& At(const AnyKey& key, Make make) {
    if (next_ == entries_.size() || !(entries_[next_].key == key)) Seek(key, make);
    entries_[next_].seen = true;
    return entries_[next_++].data;
  }

  /// Ends a reading: what it did not mention is gone, and will be new should it come again. `gone` is told of each.
  template <class Gone>
  void Finish(Gone gone) {
    const auto kept =
        std::stable_partition(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.seen; });
    for (auto entry = kept; entry != entries_.end(); ++entry) gone(entry->data);
    entries_.erase(kept, entries_.end());
    for (Entry& entry : entries_) entry.seen = false;
    next_ = 0;
  }

 private:
  struct Entry {
    Key key;
    Data data;
    bool seen;
  };

  template <class AnyKey, class Make>
  void Seek(const AnyKey& key, Make make) {
    auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.key == key; });
    if (found == entries_.end()) {
      found = entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(next_),
                              Entry{Key(key), make(), false});
    }
    next_ = static_cast<size_t>(found - entries_.begin());
  }

  std::vector<Entry> entries_;
  size_t next_ = 0;
};

}  // namespace nvpulse
