import Torch

/// Whose names the tensors of a weights file have.
public enum WeightNames: String, Codable, Sendable, CaseIterable {
  /// Torchvision's ResNets: `conv1.weight`, `layer1.0.bn2.running_mean`.
  case torchvision
  /// nnU-Net's `PlainConvUNet` of dynamic-network-architectures, with the aliases that its state dict repeats.
  case nnunet
  /// This program's own: the names of the two others, each tensor once.
  case safetensors
}

/// The name that a tensor has here: without what DataParallel (`module.`) and `torch.compile` (`_orig_mod.`) put in
/// front, and without the aliases of nnU-Net, whose decoder names its encoder again (`decoder.encoder.…`) and whose
/// blocks name convolution and norm again (`all_modules.0`, `all_modules.1`).
func canonicalName(_ name: String) -> String {
  var name = name[...]
  while let wrapper = ["module.", "_orig_mod."].first(where: name.hasPrefix) {
    name = name.dropFirst(wrapper.count)
  }
  if name.hasPrefix("decoder.encoder.") { name = name.dropFirst("decoder.".count) }
  guard name.hasPrefix("encoder.") || name.hasPrefix("decoder.") else { return String(name) }
  return String(name).replacing(".all_modules.0.", with: ".conv.", maxReplacements: 1)
    .replacing(".all_modules.1.", with: ".norm.", maxReplacements: 1)
}

/// The other names under which the state dict of `PlainConvUNet` holds a tensor.
func aliases(of name: String) -> [String] {
  var names = [name]
  if name.contains(".convs.") {
    names.append(
      name.replacing(".conv.", with: ".all_modules.0.", maxReplacements: 1)
        .replacing(".norm.", with: ".all_modules.1.", maxReplacements: 1))
  }
  if name.hasPrefix("encoder.") { names += names.map { "decoder." + $0 } }
  return Array(names.dropFirst())
}

/// Tensors by their canonical names; of a checkpoint of pretraining the query network alone.
///
/// - Throws: ``ModelsError/notWeights(path:reason:)`` when two names of one tensor hold different numbers.
func canonical(
  _ tensors: [String: Tensor], path: String
) throws -> [String: Tensor] {
  let prefix = tensors.keys.contains { $0.hasPrefix("query.") } ? "query." : ""
  var result: [String: Tensor] = [:]
  for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) where name.hasPrefix(prefix) {
    let own = canonicalName(String(name.dropFirst(prefix.count)))
    if let other = result[own], try !isSame(other, tensor) {
      throw ModelsError.notWeights(
        path: path, reason: "\(name) and another name of \(own) hold different numbers")
    }
    result[own] = tensor
  }
  return result
}

private func isSame(_ a: Tensor, _ b: Tensor) throws -> Bool {
  guard a.shape == b.shape, a.dtype == b.dtype else { return false }
  return try (a .== b).all().item() == 1
}
