// What the native tests are written with: TEST(Name) { EXPECT_EQ(…); } and a main that runs them all,
// or those named in its arguments. One thread; expectations are checked on the thread of the test.
#pragma once
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace check {

struct Test {
  const char* name;
  void (*run)();
};

inline std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

inline int& Failures() {
  static int failures = 0;
  return failures;
}

struct Registration {
  Registration(const char* name, void (*run)()) { Tests().push_back({name, run}); }
};

template <class A, class B>
bool Report(bool holds, const char* file, int line, const char* what, const A& seen, const B& wanted) {
  if (holds) return true;
  Failures()++;
  std::cout << file << ":" << line << ": " << what << ": saw " << seen << ", wanted " << wanted << std::endl;
  return false;
}

struct Equal {
  template <class A, class B>
  bool operator()(const A& seen, const B& wanted) const {
    return seen == wanted;
  }
};

struct AtLeast {
  template <class A, class B>
  bool operator()(const A& seen, const B& least) const {
    return seen >= least;
  }
};

struct Within {
  double distance;
  bool operator()(double seen, double wanted) const { return std::fabs(seen - wanted) <= distance; }
};

template <class Holds, class A, class B>
bool Expect(Holds holds, const char* file, int line, const char* what, const A& seen, const B& wanted) {
  return Report(holds(seen, wanted), file, line, what, seen, wanted);
}

inline bool IsWanted(int argc, char** argv, const std::string& name) {
  for (int i = 1; i < argc; i++) {
    if (name == argv[i]) return true;
  }
  return argc == 1;
}

inline int RunAll(int argc, char** argv) {
  int passed = 0, failed = 0;
  for (const Test& test : Tests()) {
    if (!IsWanted(argc, argv, test.name)) continue;
    int before = Failures();
    test.run();
    bool ok = Failures() == before;
    (ok ? passed : failed)++;
    std::cout << (ok ? "ok   " : "FAIL ") << test.name << std::endl;
  }
  std::cout << passed << " passed, " << failed << " failed" << std::endl;
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace check

#define TEST(name)                                             \
  static void name();                                          \
  static check::Registration name##_registration(#name, name); \
  static void name()

/// Each is true where it holds, so that a test can stop where going on makes no sense.
#define EXPECT(condition) \
  check::Report(static_cast<bool>(condition), __FILE__, __LINE__, #condition, "false", "true")
#define EXPECT_EQ(seen, wanted) check::Expect(check::Equal{}, __FILE__, __LINE__, #seen, (seen), (wanted))
#define EXPECT_GE(seen, least) \
  check::Expect(check::AtLeast{}, __FILE__, __LINE__, #seen " >= " #least, (seen), (least))
#define EXPECT_NEAR(seen, wanted, within) \
  check::Expect(check::Within{static_cast<double>(within)}, __FILE__, __LINE__, #seen, (seen), (wanted))

int main(int argc, char** argv) { return check::RunAll(argc, argv); }
