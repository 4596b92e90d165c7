// Puts answers where callers want them, refusing null pointers and buffers too small. Any thread; no state.
#pragma once
#include <cstdint>
#include <cstring>

#include "simulator/library.h"

namespace nvpulse::simulator {

template <typename T, typename U>
Return Put(T* out, U value) {
  if (out == nullptr) return kInvalidArgument;
  *out = static_cast<T>(value);
  return kSuccess;
}

inline Return PutText(char* out, uint32_t length, const char* text) {
  if (out == nullptr) return kInvalidArgument;
  if (text == nullptr) return kNotSupported;
  const size_t size = std::strlen(text) + 1;
  if (size > length) return kInsufficientSize;
  std::memcpy(out, text, size);
  return kSuccess;
}

/** A number of the board, where 0 means that it has none. */
inline Return PutKnown(uint32_t* out, uint32_t value) { return value == 0 ? kNotSupported : Put(out, value); }

/** The body of a getter of one value of a device: `answer` is given the device. */
template <typename Answer>
Return Get(Call call, Handle handle, Answer answer) {
  const Opened opened = library.Open(call, handle);
  return opened.status == kSuccess ? answer(*opened.device) : opened.status;
}

/** The body of a getter of one channel. */
template <typename T>
Return GetChannel(Call call, Handle handle, Channel channel, T* out) {
  return Get(call, handle, [call, channel, out](const Device& device) {
    const Return status = device.Status(channel);
    return status == kSuccess ? Put(out, library.Told(call, device, device.Read(channel, library.Now__ns()))) : status;
  });
}

}  // namespace nvpulse::simulator
