#!/usr/bin/env bash
# Makes the archive that is given to others, for one target, and tries it.
#
#   scripts/release.sh [TARGET]
#
#   x86_64-unknown-linux-musl     the default on Linux: static, runs on any distribution; wants musl-gcc (Debian: musl-tools)
#   x86_64-pc-windows-gnu         from Linux; wants mingw (Debian: gcc-mingw-w64-x86-64), and wine where it is to be tried
#   any other                     such as x86_64-pc-windows-msvc or aarch64-apple-darwin, on a system of that kind
#
# The target must be known to the toolchain: rustup target add TARGET.
#
# What comes of it, in $DIST (default: dist/):
#   wxsell-VERSION-TARGET.tar.gz  (.zip for Windows): the binary, man pages, completions, README, licenses, change log
#   …and the same name with .sha256
#
# How it is tried: the checksum is checked and the archive unpacked. A Linux binary must have no interpreter where it is
# musl, and runs as the only program of an empty root (chroot; as another user than root by unshare). A Windows binary runs
# under wine where there is one. Both check and upload a sheet into the sandbox, read one in GB18030, and write a workbook.
# A binary for another system than this one is packed and not tried, and the last line says so.
#
# PROFILE=dev makes an archive of an unoptimised binary in a fraction of the time, to try this script.
#
# What was run so far, on Debian 12: x86_64-pc-windows-gnu with PROFILE=dev to its end, under wine 8;
# x86_64-unknown-linux-musl up to its size, which was 0.9 % over the limit before relocations were packed. Not run: that
# one to its end, the targets of macOS and of Windows with msvc, and the workflow in .github. Nothing is signed.
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
case "$host" in
  x86_64-unknown-linux-*) default=x86_64-unknown-linux-musl ;;
  *) default=$host ;;
esac
target=${1:-$default}
profile=${PROFILE:-dist}
dist=${DIST:-dist}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=wxsell-$version-$target

fail() { echo "release: $*" >&2; exit 1; }

ending=
case "$target" in *windows*) ending=.exe ;; esac
case "$target" in
  x86_64-unknown-linux-musl)
    command -v musl-gcc >/dev/null || fail "no musl-gcc: install musl-tools"
    export CC_x86_64_unknown_linux_musl=musl-gcc ;;
  x86_64-pc-windows-gnu)
    command -v x86_64-w64-mingw32-gcc >/dev/null || fail "no mingw: install gcc-mingw-w64-x86-64" ;;
esac

# The binary holds no path of the machine that it was built on.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
relocations=
# Relocations in a form that takes a thirtieth of the room; what a static binary does at its start reads it.
case "$target" in *linux-musl) relocations="-C link-arg=-Wl,-z,pack-relative-relocs" ;; esac
export RUSTFLAGS="${RUSTFLAGS:-} $relocations --remap-path-prefix=$cargo_home/registry/src=crates --remap-path-prefix=$PWD=wxsell"
cargo build --profile "$profile" --locked --target "$target"
folder=$profile
[ "$profile" = dev ] && folder=debug
binary=${CARGO_TARGET_DIR:-target}/$target/$folder/wxsell$ending
[ -f "$binary" ] || fail "$binary was not made"
if [ "$profile" = dist ]; then
  for path in "$cargo_home" "$PWD"; do
    if grep -qaF "$path/" "$binary"; then fail "$binary holds the builder's path $path"; fi
  done
  size=$(wc -c <"$binary")
  [ "$size" -le 25000000 ] || fail "$binary is larger than 25 MB"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packed=$work/$name
mkdir -p "$packed" "$dist"
cp "$binary" "$packed/wxsell$ending"
# Held against the binary by a test.
cp -R man completions README.md README.zh-CN.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$packed/"
case "$target" in
  *windows*)
    archive=$name.zip
    python=$(command -v python3 || command -v python) || fail "no python to pack a zip file with"
    (cd "$work" && "$python" -m zipfile -c "$archive" "$name/") ;;
  *)
    archive=$name.tar.gz
    # The same files make the same archive: no owner, no time of packing.
    if tar --version 2>/dev/null | grep -q GNU; then
      tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - "$name" | gzip -n9 >"$work/$archive"
    else
      tar -C "$work" -czf "$work/$archive" "$name"
    fi ;;
esac
if command -v sha256sum >/dev/null; then sum="sha256sum"; else sum="shasum -a 256"; fi
(cd "$work" && $sum "$archive" >"$archive.sha256")
cp "$work/$archive" "$work/$archive.sha256" "$dist/"

# From here on only what is in the archive is used, and sheets of the tests.
(cd "$dist" && $sum -c "$archive.sha256" >/dev/null) || fail "the checksum does not fit"
try=$work/try
mkdir "$try"
case "$archive" in
  *.zip) "$python" -m zipfile -e "$dist/$archive" "$try" ;;
  *) tar -C "$try" -xzf "$dist/$archive" ;;
esac
root=$work/root
mkdir -p "$root/tmp" "$root/home"
cp "$try/$name/wxsell$ending" "$root/"
# The second is in GB18030.
cp tests/data/catalog.xlsx tests/data/catalog.csv "$root/home/"
cp -R tests/data/images "$root/home/"
case "$target" in
  *linux-musl)
    # A program with an interpreter needs more than itself.
    if LC_ALL=C grep -qa '/lib/ld-musl\|/lib64/ld-linux' "$root/wxsell"; then fail "the binary is not static"; fi
    enter=("$(command -v chroot)" "$root")
    [ "$(id -u)" = 0 ] || enter=("$(command -v unshare)" --map-root-user "$(command -v chroot)" "$root")
    run() { env -i HOME=/home WXSELL_CONFIG_DIR=/home/c WXSELL_STATE_DIR=/home/s WXSELL_PROFILE=sandbox WXSELL_LANG=en "${enter[@]}" /wxsell "$@"; }
    files=/home ;;
  *windows*)
    if [ "$host" = "$target" ] || case "$host" in *windows*) true ;; *) false ;; esac; then
      run() { (cd "$root/home" && WXSELL_CONFIG_DIR=c WXSELL_STATE_DIR=s WXSELL_PROFILE=sandbox WXSELL_LANG=en "$root/wxsell.exe" "$@"); }
    elif command -v wine >/dev/null; then
      export WINEPREFIX=$work/wine WINEDEBUG=-all
      # Wine before 9 lacks the library that random numbers come from on Windows.
      case "$(wine --version)" in
        wine-[0-8].*)
          echo '#include <windows.h>
            BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
            __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }' |
            x86_64-w64-mingw32-gcc -shared -o "$root/bcryptprimitives.dll" -x c - -ladvapi32 ;;
      esac
      run() { (cd "$root/home" && WXSELL_CONFIG_DIR=c WXSELL_STATE_DIR=s WXSELL_PROFILE=sandbox WXSELL_LANG=en wine "$root/wxsell.exe" "$@"); }
    else
      echo "release: $dist/$archive was made and not tried: there is no wine"
      exit 0
    fi
    files=. ;;
  "$host")
    run() { (cd "$root/home" && WXSELL_CONFIG_DIR=c WXSELL_STATE_DIR=s WXSELL_PROFILE=sandbox WXSELL_LANG=en "$root/wxsell" "$@"); }
    files=. ;;
  *)
    echo "release: $dist/$archive was made and not tried: it is for another system than $host"
    exit 0 ;;
esac

expect() { # words, then the command that must print them
  local words=$1; shift
  local printed
  printed=$(run "$@" 2>&1) || { echo "$printed" >&2; fail "wxsell $* failed"; }
  case "$printed" in *"$words"*) ;; *) echo "$printed" >&2; fail "wxsell $* does not say \"$words\"" ;; esac
}
expect "wxsell $version" --version
expect "商品" goods --help --lang zh
expect '"products": 24' goods check $files/catalog.xlsx --format json
expect '"products": 24' goods check $files/catalog.csv --format json
expect '"added": 24' goods upload $files/catalog.xlsx --format json --quiet
run sandbox advance 1h >/dev/null 2>&1
expect 'TEA-1001' goods list --status on-sale --format csv
run goods export $files/out.xlsx >/dev/null 2>&1 || fail "wxsell goods export failed"
[ -s "$root/home/out.xlsx" ] || fail "the exported workbook is empty"
expect '24 unchanged' goods upload $files/out.xlsx --dry-run --format json
echo "release: $dist/$archive ($(wc -c <"$dist/$archive") bytes), tried: checksum, sandbox upload, GB18030, export"
