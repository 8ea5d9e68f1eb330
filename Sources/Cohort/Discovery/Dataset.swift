import Foundation

/// What a `dataset.json` says: a Medical Segmentation Decathlon folder, or nnU-Net's raw one.
///
/// Decathlon files are listed, and their fourth axis is channels; nnU-Net writes one file a
/// channel, `case_0000.nii.gz` and so on, and lists nothing.
package struct Dataset: Equatable {
  /// One case: the files of its channels in order, and its mask.
  package struct Case: Equatable {
    package var images: [String]
    package var label: String?

    package init(images: [String], label: String?) {
      (self.images, self.label) = (images, label)
    }
  }

  /// Where the description lies.
  var folder: String
  package var cases: [Case] = []
  /// Names of the channels in order.
  package var channels: [String] = []
  /// Names of the classes.
  package var labelNames: [Int: String] = [:]
  /// Regions made of several classes, which may overlap: nnU-Net's lists.
  package var regions: [String: [Int]] = [:]
  /// Entries that cannot be used.
  package var refusals: [Refusal] = []

  /// `CT`, `MR` or `PT` where the channels' names say so.
  package var modality: String? {
    let words = channels.map { $0.uppercased() }
    func any(_ parts: [String]) -> Bool {
      words.contains { word in parts.contains { word.hasPrefix($0) } }
    }
    if any(["CT"]) { return "CT" }
    if any(["MR", "T1", "T2", "FLAIR", "ADC", "DWI", "PD"]) { return "MR" }
    return any(["PT", "PET"]) ? "PT" : nil
  }

  /// Reads the description in `folder`.
  package init(_ folder: String) throws(Refusal) {
    self.folder = folder
    let path = folder + "/dataset.json"
    guard let data = FileManager.default.contents(atPath: path), data.count <= 64 << 20,
      let document = try? JSONDecoder().decode(Document.self, from: data)
    else { throw Refusal(.dataset, .file, name: path) }
    channels = Self.ordered(document.channelNames ?? document.modality ?? [:])
    labelNames = Self.names(document.labels ?? [:])
    regions = Self.regions(document.labels ?? [:])
    let listed = (document.training ?? []) + (document.test ?? [])
    if let named = document.dataset, !named.isEmpty {
      named.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .forEach { take($0.value.images, label: $0.value.label) }
    } else if !listed.isEmpty {
      take(listed)
    } else {
      try takeFolders(ending: document.fileEnding ?? ".nii.gz", path)
    }
    let present = cases.filter { !$0.images.isEmpty }
    guard !present.isEmpty || !refusals.isEmpty else { throw Refusal(.dataset, .file, name: path) }
  }

  private static func ordered(_ names: [String: String]) -> [String] {
    names.compactMap { key, name in Int(key).map { ($0, name) } }
      .sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Decathlon writes `"1": "liver"`, nnU-Net `"liver": 1`, or `"whole": [1, 2]` for regions.
  static func names(_ labels: [String: LabelValue]) -> [Int: String] {
    var names: [Int: String] = [:]
    for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
      switch value {
      case .name(let name): if let number = Int(key) { names[number] = name }
      case .number(let number): names[number] = key
      case .region(let classes): if classes.count == 1 { names[classes[0]] = key }
      }
    }
    return names.filter { (0...65_535).contains($0.key) }
  }

  /// `"whole": [1, 2]`: a list of one class is that class's name.
  static func regions(_ labels: [String: LabelValue]) -> [String: [Int]] {
    labels.compactMapValues { value in
      guard case .region(let classes) = value else { return nil }
      let sound = classes.filter { (1...65_535).contains($0) }
      return sound.isEmpty ? nil : sound
    }
  }

  /// nnU-Net's raw folders, whose files are listed nowhere.
  private mutating func takeFolders(ending: String, _ path: String) throws(Refusal) {
    guard [".nii.gz", ".nii"].contains(ending.lowercased()) else {
      throw Refusal(
        .dataset, .file, name: path,
        sentence: "its files end in \(ending.prefix(16)); NIfTI is read, as .nii.gz or .nii")
    }
    cases =
      find(in: "imagesTr", labels: "labelsTr", ending) + find(in: "imagesTs", labels: nil, ending)
    let expected = channels.count
    cases.removeAll { one in
      guard expected > 0, one.images.count != expected, let first = one.images.first else {
        return false
      }
      refusals.append(
        Refusal(
          .channels, .file, name: first,
          sentence: "\(one.images.count) channels are there, \(expected) are described",
          files: one.images.count))
      return true
    }
  }

  /// A case of nnU-Net's `dataset`: a file a channel.
  private mutating func take(_ paths: [String], label: String?) {
    let images = paths.compactMap { inside($0) }
    guard !images.isEmpty, images.count == paths.count, images.allSatisfy(exists) else {
      let missing = paths.first { inside($0).map { !exists($0) } ?? true }
      refusals.append(Refusal(.dataset, .file, name: folder + "/" + (missing ?? "")))
      return
    }
    cases.append(Case(images: images, label: found(label)))
  }

  /// The mask of a case; one that is not there is refused.
  private mutating func found(_ label: String?) -> String? {
    guard let label = label.flatMap({ inside($0) }) else { return nil }
    if !exists(label) { refusals.append(Refusal(.dataset, .label, name: label)) }
    return exists(label) ? label : nil
  }

  private mutating func take(_ listed: [Entry]) {
    for entry in listed {
      guard let image = inside(entry.image) else {
        refusals.append(Refusal(.dataset, .file, name: folder + "/" + entry.image))
        continue
      }
      let images = exists(image) ? [image] : Self.channelFiles(of: image)
      guard !images.isEmpty else {
        refusals.append(Refusal(.dataset, .file, name: image))
        continue
      }
      cases.append(Case(images: images, label: found(entry.label)))
    }
  }

  /// A path of the description, unless it leads out of the folder.
  private func inside(_ path: String) -> String? {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !path.hasPrefix("/"), !parts.isEmpty, !parts.contains("..") else { return nil }
    return folder + "/" + parts.joined(separator: "/")
  }

  /// `case_0000.nii.gz`, `case_0001.nii.gz`, … for `case.nii.gz`.
  private static func channelFiles(of image: String) -> [String] {
    guard let dot = image.range(of: ".nii", options: .backwards) else { return [] }
    var files: [String] = []
    while files.count < 1000 {
      let digits = String(format: "%04d", files.count)
      let file = image[..<dot.lowerBound] + "_" + digits + image[dot.lowerBound...]
      guard exists(String(file)) else { break }
      files.append(String(file))
    }
    return files
  }

  /// Cases of an nnU-Net folder, by the files of their first channel.
  private func find(in images: String, labels: String?, _ ending: String) -> [Case] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + images)) ?? []
    let first = "_0000" + ending
    let cases = names.filter { $0.hasSuffix(first) && !$0.hasPrefix("._") }
      .map { String($0.dropLast(first.count)) }
    return cases.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
      let label = labels.map { "\(folder)/\($0)/\(name)\(ending)" }
      return Case(
        images: Self.channelFiles(of: "\(folder)/\(images)/\(name)\(ending)"),
        label: label.flatMap { exists($0) ? $0 : nil })
    }
  }
}

private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// The parts of the description that are used.
private struct Document: Decodable {
  var channelNames, modality: [String: String]?
  var labels: [String: LabelValue]?
  var fileEnding: String?
  var training, test: [Entry]?
  /// nnU-Net's own list of cases, by name.
  var dataset: [String: NamedCase]?

  enum CodingKeys: String, CodingKey {
    case modality, labels, training, test, dataset
    case channelNames = "channel_names"
    case fileEnding = "file_ending"
  }
}

private struct NamedCase: Decodable {
  var images: [String]
  var label: String?
}

/// `{"image": …, "label": …}`, or a path alone.
private struct Entry: Decodable {
  var image: String
  var label: String?

  init(from decoder: any Decoder) throws {
    if let path = try? decoder.singleValueContainer().decode(String.self) {
      image = path
      return
    }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    image = try values.decode(String.self, forKey: .image)
    label = try values.decodeIfPresent(String.self, forKey: .label)
  }

  enum CodingKeys: String, CodingKey { case image, label }
}

enum LabelValue: Decodable {
  case name(String)
  case number(Int)
  case region([Int])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let number = try? value.decode(Int.self) {
      self = .number(number)
    } else if let name = try? value.decode(String.self) {
      self = .name(name)
    } else {
      self = .region((try? value.decode([Int].self)) ?? [])
    }
  }
}
