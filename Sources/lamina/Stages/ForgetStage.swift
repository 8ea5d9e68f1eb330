import Foundation
import SliceStore
import Torch
import Zarr

/// What was made with a forgotten patient: slice stores, runs, and files named after their volumes.
///
/// A slice store says which volumes it holds, and a segmenter which ones it learned from. An encoder
/// says only which store it saw, by its digest, so stores are looked for first; a segmenter also says
/// which encoder it began with.
struct PatientUses {
  private let ids: Set<String>
  private var digests: [String: String] = [:]
  private var archives: [(path: String, metadata: [String: String])] = []
  /// A sentence for each store, run folder, or file, sorted.
  private(set) var sentences: [String] = []

  init(of ids: Set<String>, below folders: [String]) {
    self.ids = ids
    for folder in folders { look(through: folder) }
    nameRuns()
    sentences.sort()
  }

  private mutating func look(through folder: String) {
    let walk = FileManager.default.enumerator(atPath: folder)
    while let name = walk?.nextObject() as? String {
      let path = folder + "/" + name
      if name.hasSuffix("split.tsv") {
        look(intoStore: String(path.dropLast("/split.tsv".count)))
      } else if name.hasSuffix(".safetensors"), let header = try? SafeTensorsHeader(reading: path) {
        archives.append((path, header.metadata))
      } else if name.hasSuffix(".nii.gz"), ids.contains(where: fileName(of: name).hasPrefix) {
        sentences.append("\(path): a volume or mask of the patient; remove it.")
      }
    }
  }

  private mutating func look(intoStore path: String) {
    guard let store = try? SliceStore(path) else {
      sentences.append("\(path): a slice store that cannot be read; look at it yourself.")
      return
    }
    guard store.volumes.contains(where: { ids.contains($0.id) }) else { return }
    digests[store.digest] = path
    sentences.append("\(path): holds slices of the patient; remove it and prepare it anew.")
  }

  /// Runs by what their archives say, then those that began with such a run.
  private mutating func nameRuns() {
    var named: Set<String> = []
    func isOf(_ metadata: [String: String], _ used: [String]) -> Bool {
      digests[metadata["data"] ?? ""] != nil
        || ids.contains { metadata["volumes"]?.contains($0) ?? false }
        || used.contains { !$0.isEmpty && metadata["encoder"]?.contains($0) ?? false }
    }
    for archive in archives where isOf(archive.metadata, Array(digests.keys)) {
      let run = folder(of: archive.path)
      if named.insert(run).inserted {
        sentences.append("\(run): a run that learned from the patient; train it anew without.")
      }
    }
  }
}
