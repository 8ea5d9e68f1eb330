import CWorker
import Cohort
import Foundation
import TestFolders
import Testing
import Zarr

/// A worker on a thread that answers whatever request with these bytes and, maybe, memory.
private func hostile(_ bytes: [UInt8], memory: Int = 0, closes: Bool = false) -> WorkerLaunch {
  .thread { control, shared in
    var head = [UInt8](repeating: 0, count: 1)
    guard read(control, &head, 1) == 1 else { return }
    if memory > 0 { ftruncate(shared, off_t(memory)) }
    _ = worker_send(control, bytes, bytes.count, 1000)
    if closes { return }
    var rest = [UInt8](repeating: 0, count: 4096)
    while read(control, &rest, rest.count) > 0 {}
  }
}

/// A message as a worker would pack it, written as JSON; text that is no JSON goes as it is.
private func frame(_ text: String) -> [UInt8] {
  if let value = try? JSONDecoder().decode(JSON.self, from: Data(text.utf8)),
    let bytes = try? Frames.encode(value)
  {
    return bytes
  }
  return withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { [UInt8]($0) }
    + Array(text.utf8)
}

private func fault(_ launch: WorkerLaunch, seconds: Int = 20) -> RefusalCode? {
  var limits = WorkerLimits()
  limits.wallSeconds = seconds
  let worker = Worker(launch, limits: limits)
  do throws(Fault) {
    _ = try worker.read(nifti: "any.nii", channels: false)
    return nil
  } catch {
    return error.code
  }
}

private func description(size: String, type: String = "uint8") -> String {
  """
  {"volume":{"_0":{"flags":[],"grid":{"affine":{"origin":[0,0,0.5],"x":[1,0,0],"y":[0,1,0],\
  "z":[0,0,1]},"size":\(size)},"leading":{"none":{}},"scaling":{"identity":{}},"type":"\(type)"}}}
  """
}

@Suite struct WorkerTests {
  @Test func anHonestAnswerIsTaken() {
    #expect(fault(hostile(frame(description(size: "[2,3,4]")), memory: 24)) == nil)
  }

  @Test func lessMemoryThanPromisedIsNonsense() {
    #expect(fault(hostile(frame(description(size: "[2,3,4]")), memory: 23)) == .workerNonsense)
  }

  @Test(arguments: [
    "[0,3,4]", "[-1,3,4]", "[16000000,16000000,16000000]", "[9223372036854775807,2,2]",
    "[4000,4000,4000]",
  ])
  func sizesThatCannotBeAreNonsense(_ size: String) {
    #expect(fault(hostile(frame(description(size: size)), memory: 64)) == .workerNonsense)
  }

  @Test(arguments: [
    [UInt8]([255, 255, 255, 255]), frame("no message"), frame("{}"),
    frame("{\"volume\":{\"_0\":{}}}"), frame("{\"refused\":{\"_0\":{\"code\":\"made-up\"}}}"),
    frame("{\"at\":{\"file\":3}}"),
  ])
  func answersOfNoSenseAreRefused(_ bytes: [UInt8]) {
    #expect(fault(hostile(bytes)) == .workerNonsense)
  }

  @Test func silenceIsAHang() {
    #expect(fault(hostile([]), seconds: 0) == .workerHung)
    #expect(fault(hostile([9, 0, 0, 0, 1]), seconds: 0) == .workerHung)
  }

  @Test func anEndInTheMiddleOfAnAnswerIsACrash() {
    #expect(fault(hostile([9, 0, 0, 0, 1], closes: true)) == .workerCrashed)
  }

  @Test func aProcessThatCrashesHangsOrEndsIsToldApart() {
    func shell(_ script: String) -> WorkerLaunch {
      .process(executable: "/bin/sh", arguments: ["sh", "-c", script])
    }
    #expect(fault(shell("head -c 1 <&3 >/dev/null; kill -SEGV $$")) == .workerCrashed)
    #expect(fault(shell("head -c 1 <&3 >/dev/null; exit 3")) == .workerCrashed)
    #expect(fault(shell("sleep 600"), seconds: 1) == .workerHung)
    #expect(
      fault(.process(executable: "/nowhere", arguments: ["nowhere"])) == .workerCrashed)
  }

  @Test func aFileThatEndsTheWorkerCostsThatFileOnly() throws {
    let folder = TemporaryFolder()
    for name in ["a", "bomb", "c"] { try writeNIfTI(folder / "\(name).nii") }
    // Answers honestly until it meets the bomb.
    let launch = WorkerLaunch.thread { control, shared in
      while let head = Frames.receive(control, 4, until: .never),
        let body = Frames.receive(control, Frames.length(head), until: .never),
        case .scan(let items, let limits)? = try? Frames.decode(WorkerRequest.self, body)
      {
        for item in items {
          if item.path.contains("bomb") { return }
          let inner = Worker(inProcess, limits: limits)
          try? inner.scan([item]) { _, answer, _ in
            guard let bytes = try? Frames.encode(answer) else { return }
            _ = worker_send(control, bytes, bytes.count, 1000)
          }
        }
      }
    }
    let items = ["a", "bomb", "c"].map {
      ScanItem(path: folder / "\($0).nii", kind: .nifti, partner: nil)
    }
    var codes: [RefusalCode?] = []
    try Worker(launch).scan(items) { _, answer, _ in
      if case .refused(let fault) = answer { codes.append(fault.code) } else { codes.append(nil) }
    }
    #expect(codes == [nil, .workerCrashed, nil])
  }

  @Test func aHeaderOfAnotherFileIsNotBelieved() throws {
    let folder = TemporaryFolder()
    let files = try SampleSeries(slices: 1).write(to: folder / "s")
    var answers: [ScanAnswer] = []
    try Worker(inProcess).scan([ScanItem(path: files[0], kind: .dicom, partner: nil)]) {
      _, answer, _ in
      answers.append(answer)
    }
    guard case .dicom(var header)? = answers.first else {
      Issue.record("no header")
      return
    }
    #expect(header.isPlausible(path: files[0]))
    #expect(!header.isPlausible(path: "/other"))
    header.planes[0].index = 1
    #expect(!header.isPlausible(path: files[0]))
    header.planes[0].index = 0
    header.planes[0].position.x = .nan
    #expect(!header.isPlausible(path: files[0]))
    header.planes[0].position.x = 0
    header.pixels?.rows = 1 << 40
    #expect(!header.isPlausible(path: files[0]))
  }
}
