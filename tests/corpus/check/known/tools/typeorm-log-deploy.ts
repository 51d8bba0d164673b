import { AppDataSource } from "@/lib/typeorm/data-source";
import { AuditEntity } from "@/lib/typeorm/entities";

const version = process.env.npm_package_version ?? "unknown";

const ds = await AppDataSource.initialize();
const audit = ds.getRepository(AuditEntity);

const entry = audit.create({
  action: "update",
  entity: "deployment",
  entityId: version,
});

const saved = await audit.save(entry);
console.log(`update to ${version} is logged as ${saved.id}`);

const history = await audit.find({ where: { entity: "deployment" }, order: { id: "DESC" }, take: 5 });
console.table(history);

await ds.destroy();
