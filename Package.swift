// swift-tools-version: 6.0
import Foundation
import PackageDescription

// LibTorch: Debian's by default, another one by LIBTORCH=/path (the folder that holds include/ and
// lib/). Only `LaminaTorch`, a library that `lamina` opens when a command first needs a tensor, is
// linked against it; without LibTorch everything else still builds.
let environment = ProcessInfo.processInfo.environment
let libtorch = environment["LIBTORCH"]
let torchHeaders = (libtorch ?? "/usr") + "/include"
let hasTorch = FileManager.default.fileExists(atPath: torchHeaders + "/ATen/ATen.h")
let hasTorchCUDA =
  libtorch.map { FileManager.default.fileExists(atPath: $0 + "/lib/libtorch_cuda.so") } ?? false

let torchFlags: [String] =
  libtorch.map {
    ["-I\($0)/include", "-I\($0)/include/torch/csrc/api/include", "-std=c++20"]
  } ?? []
let torchLinks: [LinkerSetting] =
  [.linkedLibrary("torch_cpu"), .linkedLibrary("c10"), .linkedLibrary("stdc++")]
  + (hasTorchCUDA ? [.linkedLibrary("torch_cuda"), .linkedLibrary("c10_cuda")] : [])
  + (libtorch.map {
    [.unsafeFlags(["-L\($0)/lib", "-Xlinker", "-rpath", "-Xlinker", "\($0)/lib"])]
  } ?? [])

// Released executables carry Swift's own libraries, where the toolchain has them to carry: they start in
// 10 ms instead of 16, worker processes too, and run where no Swift is. The toolchain is the one that this
// manifest's own library comes from. A short read is not the end of a list that the kernel makes as it is
// read, which `String(contentsOfFile:)` takes it for: what it leaves out is another part on every run.
let list = FileHandle(forReadingAtPath: "/proc/self/maps").flatMap { try? $0.readToEnd() }
let maps = String(decoding: list ?? Data(), as: UTF8.self)
let toolchain = maps.range(of: "/lib/swift/pm/").map { place in
  maps[..<place.lowerBound].split(separator: " ").last.map(String.init) ?? ""
}
let carried = (toolchain ?? "") + "/lib/swift_static/linux"
let carries = FileManager.default.fileExists(atPath: carried + "/lib_FoundationICU.a")
let release = BuildSettingCondition.when(configuration: .release)
let carrying: [LinkerSetting] = carries ? [.unsafeFlags(["-static-stdlib"], release)] : []
// What Foundation is made of; lld finds it in whatever order it is named. Names that nobody asks for are not
// exported: the loader would look every name of every library up among them first.
let carryingFoundation: [LinkerSetting] =
  carries
  ? [
    .unsafeFlags(
      [
        "-static-stdlib", "-use-ld=lld", "-L\(carried)", "-Xlinker", "--no-export-dynamic",
      ], release)
  ]
    + ["_FoundationICU", "CoreFoundation", "_FoundationCShims", "_FoundationCollections"].map {
      .linkedLibrary($0, release)
    } : []

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6)]

func swift(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

// The crop kernels: one source, built for every x86-64 and, with fused operations, for x86-64-v3. They
// are optimised in debug builds too, where vectors are otherwise loops over lanes.
#if arch(x86_64)
  let kernels = ["CropKernelBaseline", "CropKernelV3"]
#else
  let kernels = ["CropKernelBaseline"]
#endif

func kernel(_ name: String) -> Target {
  let optimised: [SwiftSetting] = [
    .unsafeFlags(
      ["-O", "-wmo", "-num-threads", "1", "-disable-batch-mode"], .when(configuration: .debug))
  ]
  let fused: [SwiftSetting] = [.define("FUSED"), .unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
  return .target(
    name: name, dependencies: ["CropTypes"],
    swiftSettings: strict + optimised + (name == "CropKernelV3" ? fused : []))
}

func system(_ name: String, _ packages: [String]) -> Target {
  .systemLibrary(name: name, providers: [.apt(packages)])
}

/// The road, in the order of the design: a target imports only targets above it.
var targets: [Target] = [
  .target(
    name: "CDCMTK",
    cxxSettings: [.unsafeFlags(["-std=c++17"])],
    // Libraries with most names come first: the loader goes through them in this order.
    linkerSettings: [
      "stdc++", "ofstd", "dcmdata", "oflog", "dcmjpls", "dcmtkcharls", "dcmjpeg", "ijg8", "ijg12",
      "ijg16", "dcmimgle", "charls", "openjp2", "z",
    ].map { .linkedLibrary($0) }),
  .target(name: "CWorker"),
  .target(
    name: "CNIfTI",
    cSettings: [.unsafeFlags(["-I/usr/include/nifti"])],
    linkerSettings: ["nifti2", "znz", "z"].map { .linkedLibrary($0) }),
  .target(name: "CArchive", linkerSettings: [.linkedLibrary("archive")]),
  system("CNettle", ["nettle-dev"]),
  system("CCodecs", ["libzstd-dev", "liblz4-dev", "libblosc-dev"]),
  .target(name: "CStorage"),
  .target(name: "CBLAS"),
  swift("Imaging"),
  swift("DICOM", ["Imaging", "CDCMTK"]),
  swift("NIfTI", ["Imaging", "CNIfTI"]),
  swift("Zarr", ["CStorage", "CCodecs"]),
  swift("SliceStore", ["Zarr", "Imaging"]),
  swift("Recipes", [.product(name: "Yams", package: "Yams")]),
  swift(
    "Cohort",
    [
      "DICOM", "NIfTI", "SliceStore", "Zarr", "CWorker", "CArchive", "CNettle",
      .product(name: "GRDB", package: "GRDB.swift"),
    ]),
  swift("Prepare", ["SliceStore", "Zarr", "Imaging"]),
  .target(name: "CCPU"),
  swift("CropTypes"),
]
targets += kernels.map(kernel)
targets += [
  swift("Augment", ["Imaging", "CCPU", "CropTypes"] + kernels.map { .target(name: $0) }),
  swift("Loader", ["SliceStore", "Zarr", "Augment"]),
  swift("Metrics", ["Imaging"]),
  swift("Spectra", ["CBLAS"]),
  swift("Phantom", ["DICOM", "NIfTI"]),
  .target(name: "CTorch"),
  swift("Torch", ["CTorch"]),
  swift("NN", ["Torch"]),
  swift("Models", ["NN"]),
  swift("SSL", ["Models", "Loader", "Spectra"]),
  swift("Segmentation", ["Models", "Loader", "Prepare", "Metrics"]),
  swift("Report", ["Imaging"]),
  .executableTarget(
    name: "lamina",
    dependencies: [
      "Cohort", "Loader", "Metrics", "Models", "NIfTI", "Phantom", "Prepare", "Recipes", "Report",
      "SSL",
      "Segmentation", "SliceStore", "Spectra", "Torch", "Zarr",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ], swiftSettings: strict, linkerSettings: carryingFoundation),
]
// Benchmarks stand apart from tests; each is one program beside the peers that it is measured with.
targets.append(
  .executableTarget(
    name: "bench-crops", dependencies: ["Augment"], path: "Benchmarks/crops/swift",
    swiftSettings: strict))
targets.append(
  .executableTarget(
    name: "bench-store", dependencies: ["SliceStore"], path: "Benchmarks/store/swift",
    swiftSettings: strict))
targets.append(
  .executableTarget(
    name: "bench-loader", dependencies: ["Loader"], path: "Benchmarks/loader/swift",
    swiftSettings: strict))
targets.append(
  .executableTarget(
    name: "bench-train", dependencies: ["Recipes", "SSL"], path: "Benchmarks/train/swift",
    swiftSettings: strict))
if hasTorch {
  targets.append(
    .target(
      name: "LaminaTorch", dependencies: ["CTorch"],
      cxxSettings: [
        .unsafeFlags(torchFlags.isEmpty ? ["-std=c++17"] : torchFlags),
        .unsafeFlags(["-O2"], .when(configuration: .debug)),  // its loops, as the crop kernels
      ],
      linkerSettings: torchLinks + carrying))
}

// The fuzzer: an executable whose `main` is libFuzzer's, so it is there on request only.
if environment["LAMINA_FUZZ"] != nil {
  targets.append(
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Cohort", "DICOM", "Imaging", "NIfTI", "Phantom", "SliceStore", "Torch", "Zarr",
      ],
      path: "Fuzz",
      swiftSettings: strict))
}

// Tests mirror the targets; what needs tensors is tested where LibTorch is.
let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
func exists(_ folder: String) -> Bool {
  FileManager.default.fileExists(atPath: here + "/" + folder)
}
let tensors: Set = ["Torch", "NN", "Models", "SSL", "Segmentation"]
// What the readers' steady state is counted with: calls of malloc and of locks, by thread.
let counting = Target.target(name: "CCounting", path: "Tests/CCounting")
let counted: Set = ["Loader", "SliceStore"]
let folders = Target.target(name: "TestFolders", path: "Tests/TestFolders", swiftSettings: strict)
let comparing = Target.target(
  name: "TestTensors", dependencies: ["Torch"], path: "Tests/TestTensors", swiftSettings: strict)
let compared: Set = ["NN", "Models"]
let named = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, $0) })

/// What a target imports, what that imports, and so on, by name.
@MainActor func reached(from target: Target) -> [String: Target.Dependency] {
  var all: [String: Target.Dependency] = [:]
  for dependency in target.dependencies {
    switch dependency {
    case .targetItem(let name, _), .byNameItem(let name, _), .productItem(let name, _, _, _):
      all[name] = dependency
      if let target = named[name] { all.merge(reached(from: target)) { own, _ in own } }
    @unknown default: break
    }
  }
  return all
}

let tests: [Target] = targets.compactMap { target in
  let folder = "Tests/\(target.name)Tests"
  guard exists(folder), hasTorch || !tensors.contains(target.name) else { return nil }
  return .testTarget(
    // Said whole, since objects of tests go stale when what they reach unsaid changes.
    name: target.name + "Tests",
    dependencies: [.target(name: target.name), "TestFolders"]
      + reached(from: target).sorted { $0.key < $1.key }.map(\.value)
      + (counted.contains(target.name) ? ["CCounting"] : [])
      + (compared.contains(target.name) ? ["TestTensors"] : []),
    exclude: exists(folder + "/Fixtures") ? ["Fixtures"] : [], swiftSettings: strict)
}

let package = Package(
  name: "lamina",
  products: [.executable(name: "lamina", targets: ["lamina"])]
    + (hasTorch ? [.library(name: "LaminaTorch", type: .dynamic, targets: ["LaminaTorch"])] : []),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: targets + tests + [counting, folders, comparing],
  cxxLanguageStandard: .cxx17
)
