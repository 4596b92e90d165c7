// Parses /proc/net/dev, proc_pid_net(5): "name: bytes …(8 of reception) bytes …(of transmission)".
// Host thread; owned by HostReader.
#include "readers/network.h"

#include "readers/scanner.h"

namespace nvpulse {

void NetworkReader::Read(Pass& pass) {
  Reading reading = dev_.Read(pass);
  if (!reading.ok()) return;
  for (Scanner line(reading.text); !line.AtEnd(); line.NextLine()) {
    std::string_view name =
        line.Until(':');  // Old kernels leave no blank behind it. The two header lines have none.
    uint64_t fields[9];
    if (name.empty() || name == "lo" || !line.Numbers(fields, 9)) continue;
    uint32_t instance = interfaces_.At(
        name, [&] { return pass.sink.AddInstance(Entity::kNetwork, {{"interface", std::string(name)}}); });
    Row<network::kColumns> row;
    row.Set(network::network_receive__B, static_cast<double>(fields[0]));
    row.Set(network::network_transmit__B, static_cast<double>(fields[8]));
    pass.sink.Append(Entity::kNetwork, instance, reading.time_ns, row);
  }
  interfaces_.Finish([&](uint32_t instance) { pass.sink.RetireInstance(Entity::kNetwork, instance); });
}

}  // namespace nvpulse
