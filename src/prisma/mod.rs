//! The export files of the plan: JSON, restore script and `backup_manifest.json`.
