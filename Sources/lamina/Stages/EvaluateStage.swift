import Cohort
import Foundation
import Imaging
import Metrics
import NIfTI
import SliceStore

/// Compares the masks of one folder with those of another, matched by name.
///
/// A reference `case.nii.gz` is the truth of `case.nii.gz`, or of the only mask whose name begins
/// so. References without a mask are said by name and returned.
func evaluateStage(
  _ masks: String, against references: String, names: [Int: String] = [:],
  components: ComponentRecipe = ComponentRecipe(), console: Console
) throws -> (evaluation: Evaluation, missing: [String]) {
  let found = try niftiFiles(in: masks)
  let truths = try niftiFiles(in: references)
  guard !truths.isEmpty else { throw Failure("\(references): there are no NIfTI masks here.") }
  let bar = ProgressBar("evaluate", unit: "masks", console: console)
  var (cases, missing): ([CaseScores], [String]) = ([], [])
  for (done, truth) in truths.enumerated() {
    let name = NIfTIFile.stem(truth)
    if let mask = match(name, found) {
      cases.append(try compare(mask, truth, name, names, components))
    } else {
      console.complain("\(truth): no mask in \(masks) has this name.")
      missing.append(name)
    }
    bar.update(done + 1, of: truths.count)
  }
  bar.finish()
  return (Evaluation(cases), missing)
}

/// Writes the masks that a cohort has of these volumes as `ID.nii.gz`.
func exportReferences(_ cohort: String, ids: [String], label: String?, into folder: String) throws {
  let store = try CohortStore(cohort)
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  for id in ids {
    let record = try store.record(id)
    guard let own = record.labels.first(where: { label == nil || $0.name == label }) else {
      continue
    }
    try NIfTIFile.write(
      store.label(id, own.name), to: "\(folder)/\(id).nii.gz",
      like: record.niftiHeader.flatMap { try? NIfTIHeader(base64: $0) })
  }
}

private func niftiFiles(in folder: String) throws -> [String] {
  guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
    throw Failure("\(folder): the folder cannot be read; check its name.")
  }
  return names.filter(NIfTIFile.hasName).sorted().map { folder + "/" + $0 }
}

private func match(_ name: String, _ masks: [String]) -> String? {
  if let exact = masks.first(where: { NIfTIFile.stem($0) == name }) { return exact }
  let longer = masks.filter { mask in
    let stem = NIfTIFile.stem(mask)
    return stem.hasPrefix(name) && "_-.".contains(stem.dropFirst(name.count).first ?? "x")
  }
  return longer.count == 1 ? longer[0] : nil
}

private func compare(
  _ mask: String, _ truth: String, _ name: String, _ names: [Int: String],
  _ components: ComponentRecipe
) throws -> CaseScores {
  let mine = components.cleaned(try readMask(mask, names))
  let reference = try readMask(truth, names)
  guard let aligned = mine.aligned(to: reference.grid) else {
    return try score(mine, against: reference, case: name)  // says how the grids differ
  }
  return try score(aligned, against: reference, case: name)
}

func readMask(_ path: String, _ names: [Int: String]) throws -> LabelMap {
  let source = try SourceReader.readNIfTI(path)
  guard let mask = LabelMap(source.volume, names: names) else {
    throw Failure("\(path): a mask holds whole numbers from 0 to 65535; this file does not.")
  }
  return mask
}
