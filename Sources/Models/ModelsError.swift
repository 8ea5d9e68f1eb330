/// What can be wrong with a recipe or metadata that is to become a model.
public enum ModelsError: Error, Sendable, Equatable {
  /// A setting that no network can have: its name, and what it must be.
  case impossible(setting: String, rule: String)
  /// A file that holds no encoder which can be built here; why.
  case notWeights(path: String, reason: String)
  /// An encoder that has no place under another tool's names; why, and what to do.
  case noNames(WeightNames, reason: String)
}

extension ModelsError: CustomStringConvertible {
  /// One sentence: which setting or file, what is wrong, what to do.
  public var description: String {
    switch self {
    case .impossible(let setting, let rule): "the encoder's `\(setting)` must be \(rule)"
    case .notWeights(let path, let reason):
      "\(path): no encoder can be taken from it (\(reason)); name a file that lamina export-weights wrote, or "
        + "the safetensors of a torchvision ResNet or of nnU-Net's plain 2D U-Net."
    case .noNames(let names, let reason):
      "the encoder cannot be written --as \(names.rawValue): \(reason)."
    }
  }
}

private func demand(
  _ holds: Bool, _ setting: String, _ rule: String
) throws(ModelsError) {
  if !holds { throw .impossible(setting: setting, rule: rule) }
}

extension EncoderArchitecture {
  /// Throws unless the network can be built. A recipe or a checkpoint's metadata is checked so before `build`, which
  /// traps on what this refuses.
  public func check() throws(ModelsError) {
    let sane = 1...1 << 16
    try demand(sane ~= inputChannels, "inputChannels", "1 or more")
    try demand(
      !features.isEmpty && features.allSatisfy { sane ~= $0 }, "features", "a list of channels")
    try demand(
      strides.count == features.count && strides.allSatisfy { 1...16 ~= $0 }, "strides",
      "one number from 1 to 16 for each of the \(features.count) features")
    try demand(1...16 ~= convolutions, "convolutions", "1 to 16")
    try demand(1...4096 ~= width, "width", "1 to 4096")
    try demand(sane ~= batchNormGroups, "batchNormGroups", "1 or more")
    try lastNorm?.check("lastNorm.")
  }
}

extension WhiteningRecipe {
  /// Throws unless features can be whitened so; `prefix` goes before the name of the setting.
  public func check(_ prefix: String = "") throws(ModelsError) {
    try demand(1...4096 ~= width, prefix + "width", "1 to 4096")
    try demand(1...7 ~= iterations, prefix + "iterations", "1 to 7: more diverge")
    try demand(epsilon > 0 && epsilon <= 1, prefix + "epsilon", "above 0 and at most 1")
    try demand(0...1 ~= shrinkage, prefix + "shrinkage", "0 to 1")
    try demand(0...1 ~= momentum, prefix + "momentum", "0 to 1")
  }
}
