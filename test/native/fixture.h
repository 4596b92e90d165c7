// A copy of a folder of test/fixtures/proc that a test may change; removed at its end. Files are changed in
// place, as the readers keep them open.
#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace nvpulse {

class Fixture {
 public:
  explicit Fixture(const std::string& name) {
    char path[] = "/tmp/nvpulse-fixture-XXXXXX";
    root_ = mkdtemp(path);
    std::error_code error;
    std::filesystem::copy(std::string(FIXTURES) + "/proc/" + name, root_,
                          std::filesystem::copy_options::recursive, error);
  }
  ~Fixture() {
    std::error_code error;
    std::filesystem::remove_all(root_, error);
  }

  const std::string& root() const { return root_; }
  std::string Path(const std::string& path) const { return root_ + "/" + path; }

  void Write(const std::string& path, const std::string& content) const {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(Path(path)).parent_path(), error);
    std::ofstream(Path(path), std::ios::trunc) << content;
  }

  void Remove(const std::string& path) const {
    std::error_code error;
    std::filesystem::remove_all(Path(path), error);
  }

 private:
  std::string root_;
};

}  // namespace nvpulse
