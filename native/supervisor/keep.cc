// Forks a supervisor that waits beside Node, and hands on the environment.
#include "supervisor/keep.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "supervisor/attributes.h"
#include "supervisor/files.h"

extern char** environ;

namespace nvpulse {

namespace {

// The environment that a process was started with, as PrintEnvironment writes it.
constexpr char kEnvironment[] = "NVPULSE_ENVIRONMENT";
// For nvpulse: the descriptor that leads to the supervisor, and its process id.
constexpr char kSupervisor[] = "NVPULSE_KEPT_SUPERVISOR";
// The kernel takes 128 KiB for one variable, with its name.
constexpr size_t kLongest = 128 * 1024 - 64;

bool IsPlain(char character) { return character > ' ' && character <= '~' && character != '\\'; }

// Entries end with a space; what is not plain is \xHH.
std::string Escape(const std::string& entries) {
  std::string text;
  for (char character : entries) {
    if (IsPlain(character)) {
      text += character;
    } else if (character == '\0') {
      text += ' ';
    } else {
      char code[8];
      snprintf(code, sizeof(code), "\\x%02x", static_cast<unsigned char>(character));
      text += code;
    }
  }
  return text;
}

// The entries again, each with its null character.
std::string Unescape(const char* text) {
  std::string entries;
  while (*text != '\0') {
    if (*text == '\\' && std::strlen(text) >= 4) {
      entries += static_cast<char>(std::strtol(std::string(text + 2, 2).c_str(), nullptr, 16));
      text += 4;
    } else {
      entries += *text == ' ' ? '\0' : *text;
      ++text;
    }
  }
  return entries;
}

// The strings in `text`, of which each ends with a null character; they live as long as `text`.
std::vector<char*> Split(std::string* text) {
  std::vector<char*> strings;
  for (size_t at = 0; at < text->size(); at = text->find('\0', at) + 1) strings.push_back(text->data() + at);
  return strings;
}

// Where stderr is closed, bash reads its script by that number, and leaves it open.
void CloseScript(const char* script) {
  struct stat file {};
  struct stat named {};
  if (fstat(STDERR_FILENO, &file) != 0 || stat(script, &named) != 0) return;
  if (file.st_dev == named.st_dev && file.st_ino == named.st_ino) close(STDERR_FILENO);
}

// Descriptors of ours must not take the numbers of standard streams that are closed: the command has to find these
// closed. A path descriptor that closes on exec stands in their place until then.
void FillClosedStreams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0) continue;
    if (open("/", O_PATH | O_CLOEXEC) != stream) return;
  }
}

// Reads a message: strings, the last of which is empty. False at the end of file.
bool ReadStrings(int fd, std::string* text) {
  while (text->size() < 2 || text->compare(text->size() - 2, 2, std::string(2, '\0')) != 0) {
    char character;
    ssize_t size = read(fd, &character, 1);
    if (size == 1) *text += character;
    if (size == 0 || (size < 0 && errno != EINTR)) return false;
  }
  text->pop_back();
  return true;
}

}  // namespace

int PrintEnvironment(const char* pid) {
  std::string entries;
  if (!ReadFileAt(AT_FDCWD, ("/proc/" + std::string(pid) + "/environ").c_str(), &entries)) return 1;
  std::string text = Escape(entries);
  if (text.size() > kLongest) return 1;
  return fwrite(text.data(), 1, text.size(), stdout) == text.size() && fflush(stdout) == 0 ? 0 : 1;
}

bool Keeper::Keep(char** node) {
  TakeEnvironment();
  if (node[1] != nullptr) CloseScript(node[1]);
  FillClosedStreams();
  Attributes given = Attributes::OfThisProcess();
  int ends[2];
  pid_t child = -1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) child = fork();
  if (child == 0) {
    close(ends[0]);
    given.GiveToThisProcess();
    if (!TakeArguments(node, ends[1])) _exit(0);
    return true;
  }
  std::string variable;
  if (child > 0 && fcntl(ends[0], F_SETFD, 0) == 0) {
    variable = std::string(kSupervisor) + "=" + std::to_string(ends[0]) + " " + std::to_string(child);
    environment_.insert(environment_.end() - 1, variable.data());
    environ = environment_.data();
  }
  // Without a supervisor nvpulse starts one itself, and the command gets what Node has left.
  execvp(node[0], node);
  fprintf(stderr, "nvpulse: %s cannot be executed: %s\n", node[0], std::strerror(errno));
  return false;
}

// As the shell was given it; where that is not known, as the shell has handed it on.
void Keeper::TakeEnvironment() {
  const char* text = getenv(kEnvironment);
  if (text != nullptr) {
    environment_text_ = Unescape(text);
    environment_ = Split(&environment_text_);
  } else {
    for (char** entry = environ; *entry != nullptr; ++entry) environment_.push_back(*entry);
  }
  environment_.push_back(nullptr);
  environ = environment_.data();
}

// nvpulse says how many of the last arguments are the command, then the supervisor's options.
bool Keeper::TakeArguments(char** node, int control) {
  for (const std::string& own : {std::string("nvpulse-supervisor"), std::string("--control-fd"), std::to_string(control)}) {
    argument_text_.append(own.c_str(), own.size() + 1);
  }
  std::string told;
  if (!ReadStrings(control, &told)) return false;
  size_t end = told.find('\0');
  size_t words = std::strtoul(told.c_str(), nullptr, 10);
  argument_text_ += told.substr(end + 1);
  arguments_ = Split(&argument_text_);
  size_t count = 0;
  while (node[count] != nullptr) ++count;
  if (words > count) return false;
  for (size_t at = count - words; at <= count; ++at) arguments_.push_back(node[at]);
  return true;
}

}  // namespace nvpulse
