import ArgumentParser
import Cohort
import Foundation
import Imaging
import SliceStore
import Torch

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a store, a run, a checkpoint, or the pixels of a DICOM file hold.",
    discussion: """
      EXAMPLE
        lamina inspect slices.zarr
        lamina inspect both
        lamina inspect IM0001.dcm --raw IM0001.raw
      """)

  @Argument(
    help: "A cohort store, a slice store, a run folder, a .safetensors or a DICOM file.")
  var path: String

  @Option(
    help: ArgumentHelp(
      "Write the decoded pixels of a DICOM file here: little endian, sample, frame, row, column.",
      valueName: "file"))
  var raw: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    if let archive = archive { return try show(archive) }
    if isFile { return try showPixels() }
    let store = try describe(path)
    if output.json { return try printJSON(store) }
    output.console.result(text(of: store))
  }

  private var isFile: Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  private func showPixels() throws {
    let read = try SourceReader.readPixels(path)
    let size = read.volume.grid.size
    if let raw { try Data(read.volume.bytes).write(to: URL(fileURLWithPath: raw)) }
    var summary = PixelSummary(
      type: read.volume.type.rawValue, samples: read.volume.leading.count, frames: size.z,
      rows: size.y, columns: size.x)
    for flag in read.flags {
      let parts = flag.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { summary.header[parts[0]] = parts[1] }
    }
    if output.json { return try printJSON(summary) }
    let said = summary.header.sorted { $0.key < $1.key }.map { "\n\($0.key): \($0.value)" }
    output.console.result(
      "\(summary.samples) × \(size.z) × \(size.y) × \(size.x) (samples × frames × rows × columns), "
        + summary.type + said.joined())
  }

  /// The newest archive of a run folder, or the file itself.
  private var archive: String? {
    if path.hasSuffix(".safetensors") { return path }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let archives = names.filter { $0.hasSuffix(".safetensors") }.sorted()
    let chosen = ["segmenter.safetensors", "encoder.safetensors"].first(where: archives.contains)
    return (chosen ?? archives.last).map { path + "/" + $0 }
  }

  private func show(_ archive: String) throws {
    let header = try SafeTensorsHeader(reading: archive)
    let tensors = header.entries.sorted { $0.key < $1.key }
    if output.json {
      return try printJSON(
        ArchiveSummary(
          file: archive, metadata: header.metadata,
          tensors: header.entries.mapValues { $0.shape }))
    }
    let strings = header.metadata.sorted { $0.key < $1.key }
      .map { "  \($0.key): \($0.value.prefix(400))" }
    let rows = tensors.map { [$0.key, "\($0.value.dtype)", "\($0.value.shape)"] }
    output.console.result(
      ([archive] + strings + ["\(rows.count) tensors"]).joined(separator: "\n"))
    output.console.result(Table(rows: [["tensor", "type", "shape"]] + rows).text)
  }

  private func text(of store: StoreDescription) -> String {
    var rows = [
      ["format", "\(store.kind) \(store.version)"], ["volumes", "\(store.volumes)"],
      ["patients", "\(store.patients)"], ["slices", "\(store.slices)"],
    ]
    if let slice = store.slice {
      rows.append(["slice", slice.map(String.init).joined(separator: " × ") + " (C × H × W)"])
    }
    rows.append(["bytes on disk", "\(store.bytes)"])
    rows.append(["digest", store.digest])
    for (name, count) in store.groups.sorted(by: { $0.key < $1.key }) {
      rows.append(["volumes, \(name)", "\(count)"])
    }
    for (name, count) in store.labels.sorted(by: { $0.key < $1.key }) {
      rows.append([
        "label", store.kind == "cohort" ? "\(name): \(count) volumes" : "\(count) \(name)",
      ])
    }
    return rows.map { "\($0[0]): \($0[1])" }.joined(separator: "\n")
  }
}

/// What `--json` prints of a DICOM file's pixels.
private struct PixelSummary: Encodable {
  var type: String
  var samples: Int
  var frames: Int
  var rows: Int
  var columns: Int
  var header: [String: String] = [:]
}

/// What `--json` prints of an archive.
private struct ArchiveSummary: Encodable {
  var file: String
  var metadata: [String: String]
  var tensors: [String: [Int]]
}
