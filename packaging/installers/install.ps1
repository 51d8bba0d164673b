# Installs dbsnap @VERSION@ on Windows, with its completions:
#
#   install.ps1 [-To DIRECTORY] [-Url URL]
#
#   -To DIRECTORY  install there [default: Programs\dbsnap in the user's local data]
#   -Url URL       take the archive from there [default: @URL@]
#
# The archive must have the checksum that stands below. No settings are changed, and nothing needs an administrator
# unless the directory does. To remove dbsnap, delete the directory.
param(
    [string] $To = (Join-Path ([Environment]::GetFolderPath('LocalApplicationData')) 'Programs\dbsnap'),
    [string] $Url = '@URL@'
)

# All settings are the function's own: this may run in the user's session.
function Install-Dbsnap {
    Set-StrictMode -Version 3
    $ErrorActionPreference = 'Stop'
    # Windows PowerShell draws a progress bar that takes longer than the download.
    $ProgressPreference = 'SilentlyContinue'
    # The SHA-256 sums of this version's archives.
    $checksums = @'
@CHECKSUMS@
'@
    # A 32-bit PowerShell has the machine's processor in the second variable. Windows on arm64 runs programs for x64.
    $processor = $env:PROCESSOR_ARCHITEW6432
    if (-not $processor) { $processor = $env:PROCESSOR_ARCHITECTURE }
    if ($processor -notin 'AMD64', 'ARM64') { throw "There is no program for the processor $processor" }
    $name = 'dbsnap-@VERSION@-x86_64-pc-windows-msvc'
    if (-not ($checksums -match "(?m)^([0-9a-f]{64})  $([regex]::Escape($name))\.zip\r?$")) {
        throw "dbsnap @VERSION@ has no archive $name.zip"
    }
    $expected = $Matches[1]

    $work = Join-Path ([IO.Path]::GetTempPath()) "dbsnap-install-$([Guid]::NewGuid())"
    New-Item -ItemType Directory -Path $work | Out-Null
    try {
        $archive = Join-Path $work 'archive.zip'
        # Windows PowerShell 5.1 may begin with TLS 1.0.
        [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor 3072
        Invoke-WebRequest -UseBasicParsing -Uri "$Url/$name.zip" -OutFile $archive
        $found = (Get-FileHash -Algorithm SHA256 -LiteralPath $archive).Hash
        if ($found -ne $expected) {
            throw "$Url/$name.zip is damaged or not what was released: its SHA-256 is $found, not $expected"
        }
        Expand-Archive -LiteralPath $archive -DestinationPath $work
        $program = Join-Path $work "$name\dbsnap.exe"
        $version = & $program --version
        if ($LASTEXITCODE -ne 0) { throw 'The program does not run on this machine' }
        if ($version -ne 'dbsnap @VERSION@') { throw "The program says that it is $version" }

        New-Item -ItemType Directory -Force -Path $To | Out-Null
        $installed = Join-Path $To 'dbsnap.exe'
        $older = Join-Path $To 'dbsnap.old.exe'
        # A program that is running can be renamed, but not overwritten.
        if (Test-Path -LiteralPath $installed) { Move-Item -Force -LiteralPath $installed -Destination $older }
        Move-Item -LiteralPath $program -Destination $installed
        Copy-Item -Force -LiteralPath (Join-Path $work "$name\completions\dbsnap.powershell") `
            -Destination (Join-Path $To 'completions.ps1')
        Remove-Item -Force -ErrorAction SilentlyContinue -LiteralPath $older
    } finally {
        Remove-Item -Recurse -Force -LiteralPath $work
    }
    Write-Output "Installed $installed (@VERSION@)"
    if (($env:Path -split ';') -notcontains $To) {
        Write-Output "$To is not in PATH: add it in the system's settings"
    }
    Write-Output "For completions, put this into `$PROFILE: . '$(Join-Path $To 'completions.ps1')'"
}

Install-Dbsnap
